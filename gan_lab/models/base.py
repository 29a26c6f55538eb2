"""What every network promises."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn


class Generator(nn.Module, ABC):
    """Maps latents (N, latent_dim) to samples (N, *image_shape).

    Images lie in [-1, 1]; two-dimensional points, of shape (2,), are unbounded.

    Args:
        latent_dim: Length of a latent vector, positive.
        image_shape: Shape of one sample: (channels, height, width) or (2,).

    Raises:
        ValueError: If a size is not positive.
    """

    def __init__(self, latent_dim: int, image_shape: Sequence[int]) -> None:
        super().__init__()
        self.latent_dim = require_size("latent_dim", latent_dim)
        self.image_shape = require_shape(image_shape)

    @abstractmethod
    def forward(self, latent: Tensor) -> Tensor:
        """Return samples (N, *image_shape) for latents (N, latent_dim)."""


class Discriminator(nn.Module, ABC):
    """Maps samples (N, *image_shape) to raw logits (N,).

    Args:
        image_shape: Shape of one sample: (channels, height, width) or (2,).

    Raises:
        ValueError: If a size is not positive.
    """

    def __init__(self, image_shape: Sequence[int]) -> None:
        super().__init__()
        self.image_shape = require_shape(image_shape)

    @abstractmethod
    def forward(self, samples: Tensor) -> Tensor:
        """Return logits (N,) for samples (N, *image_shape)."""


def require_size(name: str, value: int) -> int:
    """Return ``value``, or raise ValueError where it is not a positive integer."""
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value


def require_shape(image_shape: Sequence[int]) -> tuple[int, ...]:
    """Return ``image_shape`` as a tuple, or raise ValueError where a size is not positive."""
    shape = tuple(image_shape)
    if not shape or min(shape) < 1:
        raise ValueError(f"image_shape must hold positive sizes, got {list(shape)}")
    return shape


def flat_size(image_shape: Sequence[int]) -> int:
    """Return the number of values in one sample.

    >>> flat_size((1, 28, 28))
    784
    """
    return math.prod(image_shape)
