"""What every degradation promises."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gan_lab.contracts import Sample


class Degradation(nn.Module, ABC):
    """Takes something away from images (N, C, H, W) in [-1, 1]: from ``source``.

    Attributes:
        scale: How many times smaller it makes their height and width.
        gives: Keys, beside ``source``, of what it tells of what it did.
    """

    scale: int = 1
    gives: tuple[str, ...] = ()

    @abstractmethod
    def forward(self, sample: Sample, random: torch.Generator | None = None) -> Sample:
        """Return the sample with another ``source``.

        Args:
            sample: With the key ``source``.
            random: What is drawn is a function of its state alone, or of the global one's.
        """

    def channels(self, before: int) -> int:
        """Return the channels of what comes out for those that go in."""
        return before


def uniform(shape: Sequence[int], like: Tensor, random: torch.Generator | None) -> Tensor:
    """Return numbers from U(0, 1) where ``like`` lives, in its precision."""
    device = like.device if random is None else random.device
    return torch.rand(tuple(shape), generator=random, device=device).to(like)


def normal(like: Tensor, random: torch.Generator | None) -> Tensor:
    """Return numbers from N(0, 1) of the shape of ``like``, where it lives, in its precision."""
    device = like.device if random is None else random.device
    return torch.randn(like.shape, generator=random, device=device).to(like)


def require_positive(name: str, value: float) -> float:
    """Return ``value``, or raise ValueError where it is not positive."""
    if not value > 0:
        raise ValueError(f"{name} must be positive, got {value}")
    return value
