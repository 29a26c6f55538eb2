"""The generator's gradient against a frozen discriminator."""

import torch

from gan_lab.contracts import AdversarialLoss, Game, Round
from gan_lab.descents import gradient
from gan_lab.theory.densities import Density, Gaussian
from gan_lab.theory.divergences import (
    jensen_shannon,
    reverse_kullback_leibler,
)
from gan_lab.theory.expectation import expectation
from gan_lab.theory.optimal import best_discriminator
from gan_lab.theory.pair import Pair, common


def shift_gradient(loss: AdversarialLoss, p: Density, q: Density) -> float:
    """Return the derivative of the generator's loss as q moves right, D frozen at log p - log q.

    Autograd runs through the loss, the discriminator and the samples, as in training.
    """
    pair = common(p, q).bulk()
    points = pair.points.clone().requires_grad_()
    logits = p.log_prob(points) - q.log_prob(points)
    value = expectation(loss.generator, logits.detach(), logits, pair.p, pair.q)
    # Every sample moves by the same shift, so the shares of all samples add up.
    (gradient,) = torch.autograd.grad(value, points)
    return float(gradient.sum())


def lipschitz_shift_gradient(loss: AdversarialLoss, p: Density, q: Density) -> float:
    """Return the same under the best 1-Lipschitz critic, for a loss that is linear."""
    optimum = best_discriminator(loss, common(p, q))
    (slopes,) = torch.gradient(optimum.logits, spacing=(optimum.pair.points,))
    logits = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    (pull,) = torch.autograd.grad(loss.generator(logits.detach(), logits), logits)
    return float(pull * (optimum.pair.q * slopes).sum())


def predicted_shift_gradient(p: Density, mean: float, scale: float, saturating: bool) -> float:
    r"""Return what it should be for a Gaussian q, by central differences of closed forms.

    .. math:: 2\,\nabla JS \quad\text{(saturating)}, \qquad
        \nabla [KL(q \| p) - 2\,JS] \quad\text{(non-saturating)}

    References:
        Towards Principled Methods for Training Generative Adversarial Networks
        (Arjovsky and Bottou 2017), theorem 2.5, arXiv 1701.04862.
    """

    def potential(shift: float) -> float:
        pair: Pair = common(p, Gaussian(mean + shift, scale))
        if saturating:
            return 2 * jensen_shannon(pair)
        return reverse_kullback_leibler(pair) - 2 * jensen_shannon(pair)

    step = 1e-3
    # Richardson's extrapolation removes the error of second order.
    coarse = (potential(2 * step) - potential(-2 * step)) / (4 * step)
    fine = (potential(step) - potential(-step)) / (2 * step)
    return (4 * fine - coarse) / 3


def gradient_norm(game: Game, round: Round) -> float:
    """Return the norm of the generator's gradient on a round, nobody moving."""
    loss, _ = game.objective("generator", round)
    parts = gradient(game, "generator", loss, False)
    return float(torch.linalg.vector_norm(torch.cat([part.flatten() for part in parts])))
