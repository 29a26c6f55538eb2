"""Small real discriminators, trained by the lab's own objective and descent."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_lab.contracts import AdversarialLoss, Discriminator, Task
from gan_lab.models import MLPBackbone, Scores
from gan_lab.terms import GradientPenalty
from gan_lab.theory.bare import BareGame, Drawn
from gan_lab.theory.catalogue import Regularizer
from gan_lab.theory.optimal import linear_slope

Sampler = Callable[[int], Tensor]
"""A batch size to that many samples, shape (count, dimension), single precision."""


class Logits(nn.Module):
    """A discriminator as the function that theory takes it for: samples (N, *shape) to logits (N,).

    Args:
        discriminator: Reads samples alone.
    """

    def __init__(self, discriminator: Discriminator) -> None:
        super().__init__()
        self.discriminator = discriminator

    def forward(self, samples: Tensor) -> Tensor:
        """Return logits."""
        logits: Tensor
        (logits,) = self.discriminator({"x": samples}).logits.values()
        return logits


def perceptron(shape: Sequence[int], hidden: Sequence[int], spectral: bool = False) -> Scores:
    """Return a discriminator of samples of a shape, its layers of spectral norm 1 if asked for."""
    return Scores(partial(MLPBackbone, hidden=hidden), shape, spectral_norm=spectral)


def critic(dimension: int, hidden: Sequence[int] = (64, 64)) -> Scores:
    """Return a small discriminator of points that starts at 0 everywhere.

    A gradient penalty with target 1 holds whatever sign chance gave to a slope;
    from 0 the loss itself chooses it.
    """
    discriminator = perceptron((dimension,), hidden)
    for parameter in discriminator.readout.parameters():
        nn.init.zeros_(parameter)
    return discriminator


def against(
    task: Task, discriminator: Discriminator, loss: AdversarialLoss, learning_rate: float
) -> BareGame:
    """Return the game of a discriminator that learns against whatever a task makes."""
    build = partial(Adam, lr=learning_rate, betas=(0.5, 0.99))
    return BareGame(task, discriminator, loss, needed(loss), discriminator_optimizer=build)


def needed(loss: AdversarialLoss) -> list[Regularizer]:
    """Return what a loss cannot do without: a linear one has no optimum among all functions."""
    return [] if linear_slope(loss) is None else [GradientPenalty()]


def train_critic(
    loss: AdversarialLoss,
    real: Sampler,
    fake: Sampler,
    steps: int = 600,
    batch_size: int = 512,
    learning_rate: float = 2e-3,
) -> Logits:
    """Train a discriminator against a fixed generator, its step size falling to nothing."""
    dimension = real(1).shape[1]
    task, discriminator = Drawn(nn.Identity(), fake, (dimension,)), critic(dimension)
    game = against(task, discriminator, loss, learning_rate)
    optimizer = game.optimizers["discriminator"]
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        game.descend("discriminator", game.play({"x": real(batch_size)}))
        schedule.step()
    return Logits(discriminator)
