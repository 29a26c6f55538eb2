"""Small real discriminators, trained by the lab's own losses and regularizers."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_lab.losses import AdversarialLoss
from gan_lab.models import MLPDiscriminator
from gan_lab.regularizers import Constraint, GradientPenalty, Penalty
from gan_lab.theory.optimal import linear_slope

Sampler = Callable[[int], Tensor]
"""A batch size to that many samples, shape (count, dimension), single precision."""


def critic(dimension: int, hidden: Sequence[int] = (64, 64)) -> MLPDiscriminator:
    """Return a small discriminator of points that starts at 0 everywhere.

    A gradient penalty with target 1 holds whatever sign chance gave to a slope;
    from 0 the loss itself chooses it.
    """
    discriminator = MLPDiscriminator((dimension,), hidden)
    last = [layer for layer in discriminator.modules() if isinstance(layer, nn.Linear)][-1]
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return discriminator


def discriminator_step(
    discriminator: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: AdversarialLoss,
    real: Tensor,
    fake: Tensor,
    regularizers: Sequence[Penalty | Constraint] = (),
) -> Tensor:
    """Take one step down the regularized loss and return the loss itself, detached."""
    value = loss.discriminator(discriminator(real), discriminator(fake))
    total = value
    for item in regularizers:
        if isinstance(item, Penalty):
            total = total + item(discriminator, real, fake)
    optimizer.zero_grad()
    torch.autograd.backward(total)
    optimizer.step()
    for item in regularizers:
        if isinstance(item, Constraint):
            item(discriminator)
    return value.detach()


def needed(loss: AdversarialLoss) -> list[Penalty | Constraint]:
    """Return what a loss cannot do without: a linear one has no optimum among all functions."""
    return [] if linear_slope(loss) is None else [GradientPenalty()]


def train_critic(
    loss: AdversarialLoss,
    real: Sampler,
    fake: Sampler,
    steps: int = 600,
    batch_size: int = 512,
    learning_rate: float = 2e-3,
) -> MLPDiscriminator:
    """Train a discriminator against a fixed generator, its step size falling to nothing."""
    discriminator = critic(real(1).shape[1])
    optimizer = Adam(discriminator.parameters(), learning_rate, betas=(0.5, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    regularizers = needed(loss)
    for _ in range(steps):
        discriminator_step(
            discriminator, optimizer, loss, real(batch_size), fake(batch_size), regularizers
        )
        schedule.step()
    return discriminator
