"""Mixtures of Gaussians in the plane."""

import math

import torch
from torch import Tensor

from gan_lab.theory.densities import require_scale


class PlanarMixture:
    """Equally likely round Gaussians in the plane.

    Args:
        centres: Where they lie, shape (modes, 2).
        scale: Their standard deviation, positive.

    Raises:
        ValueError: If ``scale`` is not positive or ``centres`` is not (modes, 2).
    """

    def __init__(self, centres: Tensor, scale: float) -> None:
        if centres.ndim != 2 or centres.shape[1] != 2 or len(centres) == 0:
            raise ValueError(f"centres must have shape (modes, 2), got {list(centres.shape)}")
        self.centres, self.scale = centres.double(), require_scale(scale)

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the log density at points ``x``, shape (N, 2)."""
        distances = torch.cdist(x.double(), self.centres).square()
        constant = math.log(2 * math.pi * self.scale**2 * len(self.centres))
        return torch.logsumexp(-distances / (2 * self.scale**2), dim=1) - constant

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return ``count`` independent draws, shape (count, 2)."""
        chosen = torch.randint(len(self.centres), (count,), generator=generator)
        noise = torch.randn(count, 2, generator=generator, dtype=torch.float64)
        return self.centres[chosen] + self.scale * noise


def ring(modes: int = 8, radius: float = 1.0, scale: float = 0.01) -> PlanarMixture:
    """Return equally spaced Gaussians on a circle.

    >>> len(ring(8).centres.round(decimals=6).unique(dim=0))  # the circle's end is its start
    8
    """
    if modes < 1:
        raise ValueError(f"modes must be at least 1, got {modes}")
    angles = 2 * math.pi * torch.arange(modes, dtype=torch.float64) / modes
    return PlanarMixture(radius * torch.stack([angles.cos(), angles.sin()], dim=1), scale)
