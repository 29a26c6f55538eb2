"""Data sets of points drawn from mixtures in the plane."""

from abc import ABC
from typing import Any, ClassVar

import torch

from gan_lab.contracts import Medium
from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.mapping import require_memory
from gan_lab.data.mixture import Mixture, grid, ring, spiral, swiss_roll
from gan_lab.data.samples import Samples
from gan_lab.media import Points

__all__ = [
    "GridDataModule",
    "Mixture",
    "MixtureDataModule",
    "RingDataModule",
    "SpiralDataModule",
    "SwissRollDataModule",
    "grid",
    "ring",
    "spiral",
    "swiss_roll",
]


class MixtureDataModule(InMemoryDataModule, ABC):
    """Points drawn once from a mixture; the label is the mode.

    Args:
        mixture: What is drawn from.
        train_size: Training points.
        test_size: Test points.
        sample_shape: [2], the shape of a point.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    medium_class: ClassVar[type[Medium]] = Points

    def __init__(
        self,
        mixture: Mixture,
        train_size: int = 100_000,
        test_size: int = 10_000,
        **options: Any,
    ) -> None:
        shape = tuple(options.pop("sample_shape", (2,)))
        if shape != (2,):
            raise ValueError(f"sample_shape must be [2] for points of the plane, got {list(shape)}")
        for name, value in [("train_size", train_size), ("test_size", test_size)]:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        super().__init__(sample_shape=shape, **options)
        self.mixture = mixture
        self.train_size = train_size
        self.test_size = test_size

    def load(self, train: bool) -> Samples:
        """Draw a split; it depends on the seed alone."""
        random = torch.Generator().manual_seed(2 * self.seed + train)
        name = "train_size" if train else "test_size"
        count: int = getattr(self, name)
        require_memory(f"data.{name}", 32 * count)  # for each: centre, noise, point, mode
        return Samples(*self.mixture.sample(count, random))


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
