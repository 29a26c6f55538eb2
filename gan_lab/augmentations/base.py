"""What every augmentation promises."""

from abc import abstractmethod

import torch
from torch import Tensor

from gan_lab.contracts import Discriminator, Rule, Task, Turn


class Augmentation(Rule):
    """A random, differentiable change of samples, alike for real and generated ones.

    Both players see it: the discriminator's and the generator's loss are those
    of augmented samples, so that gradients flow through it to the generator.
    """

    @abstractmethod
    def forward(self, samples: Tensor) -> Tensor:
        """Return changed samples of the same shape, (N, *shape)."""

    def check(self, task: Task, discriminator: Discriminator) -> None:
        """Try the augmentation on nothing, which says by itself what it is not for."""
        self(torch.zeros(2, *task.medium.shape))

    def after_update(self, turn: Turn) -> None:
        """Let the augmentation take note of the discriminator's updates."""
        if turn.player == "discriminator":
            self.observe(next(iter(turn.real.logits.values())).detach())

    def observe(self, real_logits: Tensor) -> None:
        """Take note of one discriminator update and its real logits, shape (N, ...)."""


def require_images(samples: Tensor) -> None:
    """Raise ValueError where ``samples`` are not images (N, C, H, W)."""
    if samples.ndim != 4:
        raise ValueError(
            "this augmentation is for images (N, C, H, W), got samples of shape "
            f"{list(samples.shape)}; for points use InstanceNoise"
        )
