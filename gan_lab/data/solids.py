"""Furniture and other solids, drawn by formulas."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import torch

from gan_lab.contracts import Medium
from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.distances import KINDS, Grid
from gan_lab.data.mapping import require_memory
from gan_lab.data.samples import Samples
from gan_lab.media import Voxels

NAMES = tuple(KINDS)
SMALLEST = 16


class SolidsDataModule(InMemoryDataModule):
    """Capsules, chairs, lamps, mugs, tables and tori of many proportions, as voxels.

    Each is a signed distance field, the union of simple bodies; a cube whose centre lies within is
    filled. They stand upright on the floor and show the same side, as models of furniture do. The
    label is the place of a solid's name in the alphabet.

    References:
        Distance functions of simple bodies: Hart, Sphere tracing, The Visual Computer 12 (1996).

    Args:
        sample_shape: [1, edge, edge, edge], of 16 at least.
        kinds: Names of those that are drawn, equally often; all by default.
        train_size: Training solids.
        test_size: Test solids.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range or there is no such solid.
    """

    medium_class: ClassVar[type[Medium]] = Voxels

    def __init__(
        self,
        sample_shape: Sequence[int] = (1, 32, 32, 32),
        kinds: Sequence[str] = NAMES,
        train_size: int = 4000,
        test_size: int = 1000,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, **options)
        shape = self.sample_shape
        if len(shape) != 4 or shape[0] != 1 or len({*shape[1:]}) > 1 or shape[1] < SMALLEST:
            raise ValueError(
                f"sample_shape must be [1, edge, edge, edge] with an edge of {SMALLEST} at least, "
                f"got {list(sample_shape)}"
            )
        unknown = [kind for kind in kinds if kind not in KINDS]
        if unknown or not kinds:
            raise ValueError(f"kinds must be some of {', '.join(NAMES)}, got {list(kinds)}")
        for name, value in (("train_size", train_size), ("test_size", test_size)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.kinds = sorted(set(kinds))
        self.sizes = {True: train_size, False: test_size}

    def load(self, train: bool) -> Samples:
        """Draw a split; it depends on the seed alone."""
        random = torch.Generator().manual_seed(2 * self.seed + train)
        count = self.sizes[train]
        name = "train_size" if train else "test_size"
        require_memory(f"data.{name}", count * math.prod(self.sample_shape))
        labels = torch.randint(len(self.kinds), (count,), generator=random)
        solids = torch.empty(count, *self.sample_shape, dtype=torch.uint8)
        grid = Grid(self.sample_shape[1])
        for label, kind in enumerate(self.kinds):
            for rows in torch.split((labels == label).nonzero()[:, 0], 100):  # distances are floats
                numbers = torch.rand(len(rows), 8, generator=random)
                solids[rows, 0] = (KINDS[kind](grid, numbers) < 0).byte() * 255
        return Samples(solids, labels)
