"""Mixtures of Gaussians in the plane, where the truth is known."""

import math
from abc import ABC
from typing import Any

import torch
from torch import Tensor

from gan_lab.data.base import InMemoryDataModule, Samples


class Mixture:
    r"""Equal Gaussians about centres in the plane.

    .. math:: p(x) = \frac1K \sum_k N(x; \mu_k, \sigma^2 I)

    Args:
        centres: :math:`\mu`, shape (K, 2).
        deviation: :math:`\sigma`, positive.

    Raises:
        ValueError: If ``deviation`` is not positive.
    """

    def __init__(self, centres: Tensor, deviation: float) -> None:
        if not deviation > 0:
            raise ValueError(f"deviation must be positive, got {deviation}")
        self.centres = centres
        self.deviation = deviation

    def sample(self, count: int, random: torch.Generator) -> Samples:
        """Return ``count`` points, shape (count, 2), and which centre each belongs to."""
        modes = torch.randint(len(self.centres), (count,), generator=random)
        noise = torch.randn(count, 2, generator=random)
        return Samples(self.centres[modes] + self.deviation * noise, modes)

    def log_density(self, points: Tensor) -> Tensor:
        """Return log p at ``points`` (N, 2), shape (N,)."""
        squares = torch.cdist(points, self.centres.to(points)).square()
        exponents = -squares / (2 * self.deviation**2)
        normaliser = math.log(2 * math.pi * self.deviation**2 * len(self.centres))
        return exponents.logsumexp(dim=1) - normaliser


def ring(modes: int = 8, radius: float = 1.0) -> Tensor:
    """Return equally spaced points on a circle, shape (modes, 2).

    >>> len(ring(8).round(decimals=4).unique(dim=0))
    8
    """
    angle = 2 * math.pi * torch.arange(modes) / modes  # the full turn itself would be 0 again
    return radius * torch.stack([angle.cos(), angle.sin()], dim=1)


def grid(side: int = 5, spacing: float = 2.0) -> Tensor:
    """Return the points of a centred square lattice, shape (side², 2).

    >>> grid(5).min().item(), grid(5).max().item(), len(grid(5))
    (-4.0, 4.0, 25)
    """
    line = spacing * (torch.arange(side) - (side - 1) / 2)
    return torch.cartesian_prod(line, line)


def spiral(arms: int = 2, turns: float = 1.0, radius: float = 2.0, density: int = 200) -> Tensor:
    """Return points along arms that leave the origin, shape (arms · density, 2)."""
    t = torch.linspace(0.1, 1, density).sqrt()  # equal spacing along an arm, nearly
    start = 2 * math.pi * torch.arange(arms)[:, None] / arms
    angle = start + 2 * math.pi * turns * t
    return radius * torch.stack([t * angle.cos(), t * angle.sin()], dim=2).flatten(0, 1)


def swiss_roll(radius: float = 2.0, density: int = 400) -> Tensor:
    """Return points along one and a half turns of a roll, shape (density, 2)."""
    t = torch.linspace(1 / 9, 1, density).sqrt()  # from half a turn to one and a half
    angle = 3 * math.pi * t
    return radius * torch.stack([t * angle.cos(), t * angle.sin()], dim=1)


class MixtureDataModule(InMemoryDataModule, ABC):
    """Points drawn once from a mixture; the label is the mode.

    Args:
        mixture: What is drawn from.
        train_size: Training points.
        test_size: Test points.
        image_shape: [2], the shape of a point.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        mixture: Mixture,
        train_size: int = 100_000,
        test_size: int = 10_000,
        **options: Any,
    ) -> None:
        shape = tuple(options.pop("image_shape", (2,)))
        if shape != (2,):
            raise ValueError(f"image_shape must be [2] for points of the plane, got {list(shape)}")
        for name, value in [("train_size", train_size), ("test_size", test_size)]:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        super().__init__(image_shape=shape, **options)
        self.mixture = mixture
        self.train_size = train_size
        self.test_size = test_size

    def load(self, train: bool) -> Samples:
        """Draw a split; it depends on the seed alone."""
        random = torch.Generator().manual_seed(2 * self.seed + train)
        return self.mixture.sample(self.train_size if train else self.test_size, random)


class RingDataModule(MixtureDataModule):
    """Eight narrow modes on the unit circle, by default.

    References:
        Unrolled Generative Adversarial Networks (Metz et al. 2017), appendix A,
        arXiv 1611.02163. VEEGAN (Srivastava et al. 2017), arXiv 1705.07761.

    Args:
        modes: Number of modes.
        radius: Of the circle.
        deviation: Of each mode.
        options: See :class:`MixtureDataModule`.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self, modes: int = 8, radius: float = 1.0, deviation: float = 0.01, **options: Any
    ) -> None:
        super().__init__(Mixture(ring(modes, radius), deviation), **options)


class GridDataModule(MixtureDataModule):
    """25 modes on a square lattice from -4 to 4, by default.

    References:
        VEEGAN (Srivastava et al. 2017), section 4.1, arXiv 1705.07761. PacGAN
        (Lin et al. 2018), section 4.1, arXiv 1712.04086.

    Args:
        side: Modes on each side.
        spacing: Between neighbours.
        deviation: Of each mode.
        options: See :class:`MixtureDataModule`.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self, side: int = 5, spacing: float = 2.0, deviation: float = 0.05, **options: Any
    ) -> None:
        super().__init__(Mixture(grid(side, spacing), deviation), **options)


class SpiralDataModule(MixtureDataModule):
    """Two arms of a spiral.

    Args:
        arms: Number of arms.
        turns: Of each arm.
        deviation: Of the noise about an arm.
        options: See :class:`MixtureDataModule`.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self, arms: int = 2, turns: float = 1.0, deviation: float = 0.05, **options: Any
    ) -> None:
        super().__init__(Mixture(spiral(arms, turns), deviation), **options)


class SwissRollDataModule(MixtureDataModule):
    """One and a half turns of a roll.

    Args:
        deviation: Of the noise about it.
        options: See :class:`MixtureDataModule`.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(self, deviation: float = 0.05, **options: Any) -> None:
        super().__init__(Mixture(swiss_roll(), deviation), **options)
