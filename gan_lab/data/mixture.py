"""Mixtures of Gaussians in the plane, where the truth is known."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

MOST = 10_000
"""Centres of a mixture, to each of which every point's distance is taken."""


class Draw(NamedTuple):
    """Points (N, 2) and the mode that each was drawn from (N,), named as those of a split."""

    images: Tensor
    labels: Tensor


class Mixture:
    r"""Equal Gaussians about centres in the plane.

    .. math:: p(x) = \frac1K \sum_k N(x; \mu_k, \sigma^2 I)

    Args:
        centres: :math:`\mu`, shape (K, 2); points are drawn in their precision.
        deviation: :math:`\sigma`, positive.

    Raises:
        ValueError: If ``deviation`` is not positive or ``centres`` is not (K, 2).
    """

    def __init__(self, centres: Tensor, deviation: float) -> None:
        require_length("deviation", deviation)
        if centres.ndim != 2 or centres.shape[1] != 2 or len(centres) == 0:
            raise ValueError(f"centres must have shape (modes, 2), got {list(centres.shape)}")
        self.centres = centres
        self.deviation = deviation

    def sample(self, count: int, random: torch.Generator | None = None) -> Draw:
        """Return ``count`` points, shape (count, 2), and which centre each belongs to.

        Args:
            count: How many.
            random: Drawn from; by default, the global random state.
        """
        modes = torch.randint(len(self.centres), (count,), generator=random)
        noise = torch.randn(count, 2, generator=random, dtype=self.centres.dtype)
        return Draw(self.centres[modes] + self.deviation * noise, modes)

    def log_density(self, points: Tensor) -> Tensor:
        """Return log p at ``points`` (N, 2), shape (N,), in the finer precision of the two."""
        dtype = torch.promote_types(points.dtype, self.centres.dtype)
        points = points.to(dtype)
        squares = torch.cdist(points, self.centres.to(points)).square()
        exponents = -squares / (2 * self.deviation**2)
        normaliser = math.log(2 * math.pi * self.deviation**2 * len(self.centres))
        return exponents.logsumexp(dim=1) - normaliser


def ring(modes: int = 8, radius: float = 1.0, dtype: torch.dtype | None = None) -> Tensor:
    """Return equally spaced points on a circle, shape (modes, 2).

    >>> len(ring(8).round(decimals=4).unique(dim=0))
    8

    Raises:
        ValueError: If there is no mode or no circle.
    """
    require_count("modes", modes)
    require_length("radius", radius)
    angle = 2 * math.pi * torch.arange(modes, dtype=dtype) / modes  # the full turn would be 0 again
    return radius * torch.stack([angle.cos(), angle.sin()], dim=1)


def grid(side: int = 5, spacing: float = 2.0) -> Tensor:
    """Return the points of a centred square lattice, shape (side², 2).

    >>> grid(5).min().item(), grid(5).max().item(), len(grid(5))
    (-4.0, 4.0, 25)

    Raises:
        ValueError: If there is no mode or no space between them.
    """
    require_count("side", side, math.isqrt(MOST))
    require_length("spacing", spacing)
    line = spacing * (torch.arange(side) - (side - 1) / 2)
    return torch.cartesian_prod(line, line)


def spiral(arms: int = 2, turns: float = 1.0, radius: float = 2.0, density: int = 200) -> Tensor:
    """Return points along arms that leave the origin, shape (arms · density, 2).

    Raises:
        ValueError: If there is no arm or no point of it.
    """
    require_count("density", density)
    require_count("arms", arms, MOST // density)
    if not math.isfinite(turns):
        raise ValueError(f"turns must be finite, got {turns}")
    t = torch.linspace(0.1, 1, density).sqrt()  # equal spacing along an arm, nearly
    start = 2 * math.pi * torch.arange(arms)[:, None] / arms
    angle = start + 2 * math.pi * turns * t
    return radius * torch.stack([t * angle.cos(), t * angle.sin()], dim=2).flatten(0, 1)


def swiss_roll(radius: float = 2.0, density: int = 400) -> Tensor:
    """Return points along one and a half turns of a roll, shape (density, 2).

    Raises:
        ValueError: If there is no point.
    """
    require_count("density", density)
    t = torch.linspace(1 / 9, 1, density).sqrt()  # from half a turn to one and a half
    angle = 3 * math.pi * t
    return radius * torch.stack([t * angle.cos(), t * angle.sin()], dim=1)


def require_count(name: str, value: int, most: int = MOST) -> None:
    """Raise ValueError unless there is at least one, and not more than can be told apart."""
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    if value > most:
        raise ValueError(f"{name} must be at most {most}, got {value}")


def require_length(name: str, value: float) -> None:
    """Raise ValueError unless a length is positive and finite."""
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be positive, got {value}")
