"""The game on finitely many atoms, where both players are tables of numbers."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gan_lab.losses import AdversarialLoss
from gan_lab.theory.densities import Discrete
from gan_lab.theory.expectation import expectation
from gan_lab.theory.optimal import best_discriminator
from gan_lab.theory.pair import Pair, common


@dataclass(frozen=True)
class Play:
    """A tabular game from start to end.

    Attributes:
        values: V(D*, G) = minus the discriminator's least loss, before each step.
        generated: The generator's probabilities then, shape (steps, atoms).
        logits: The optimal logits then, shape (steps, atoms).
    """

    values: list[float]
    generated: Tensor
    logits: Tensor


def play(
    loss: AdversarialLoss, target: Discrete, start: Tensor, steps: int, step_size: float
) -> Play:
    """Play Algorithm 1 with an optimal discriminator and a softmax generator.

    Every step finds the loss's own optimal discriminator, then moves the
    generator's logits down the gradient of the loss's own generator objective,
    taken exactly. The gradient is preconditioned by the softmax's Fisher
    information, so rare atoms move as fast as frequent ones.

    References:
        Goodfellow et al. 2014, proposition 2, arXiv 1406.2661.

    Args:
        loss: Both players' objectives.
        target: The real distribution, every probability positive.
        start: The generator's logits at the start, shape (atoms,).
        steps: Generator updates.
        step_size: Of the natural gradient, positive.
    """
    table = start.double().clone()
    values, generated, logits = [], [], []
    for _ in range(steps):
        table = table.detach().requires_grad_()
        masses = table.softmax(0)
        pair = on_atoms(target, masses.detach())
        optimum = best_discriminator(loss, pair)
        values.append(-optimum.loss)
        generated.append(masses.detach())
        logits.append(optimum.logits)
        objective = expectation(loss.generator, optimum.logits, optimum.logits, pair.p, masses)
        (gradient,) = torch.autograd.grad(objective, table)
        table = table - step_size * gradient / masses.detach()
    return Play(values, torch.stack(generated), torch.stack(logits))


def on_atoms(target: Discrete, masses: Tensor) -> Pair:
    """Return the pair of ``target`` and the distribution with ``masses`` on the same atoms."""
    pair = common(target, target)
    return Pair(pair.points, pair.log_weight, pair.log_p, masses.log(), pair.rim)
