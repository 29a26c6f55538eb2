"""What every augmentation promises."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Augmentation(nn.Module, ABC):
    """A random, differentiable change of samples, alike for real and generated ones.

    Both players see it: the discriminator's and the generator's loss are those
    of augmented samples, so that gradients flow through it to the generator.
    """

    @abstractmethod
    def forward(self, samples: Tensor) -> Tensor:
        """Return changed samples of the same shape, (N, *shape)."""

    def observe(self, real_logits: Tensor) -> None:
        """Take note of one discriminator update and its real logits, shape (N,)."""


def require_images(samples: Tensor) -> None:
    """Raise ValueError where ``samples`` are not images (N, C, H, W)."""
    if samples.ndim != 4:
        raise ValueError(
            "this augmentation is for images (N, C, H, W), got samples of shape "
            f"{list(samples.shape)}; for points use InstanceNoise"
        )
