"""Circles and squares that cross a black field: MoCoGAN's synthetic clips."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.mapping import require_memory
from gan_lab.data.samples import Samples
from gan_lab.media import Video

MOTIONS = "left to right", "top to bottom"
SHAPES = "circle", "square"
RADII = 0.12, 0.22
"""Smallest and largest half width, in edges of the field."""
BRIGHT = 128
"""The strongest channel of a colour is at least so bright, of 255."""


class ShapeMotionDataModule(InMemoryDataModule):
    """Clips of one shape each, of any colour and size, that moves along a Bézier curve.

    Four kinds: label 2·motion + shape, where motion is 0 from left to right, 1 from top to bottom,
    and shape is 0 for a circle, 1 for a square. A shape keeps its colour and its size. Edges are
    hard, so that every lit pixel of a clip has one colour.

    References:
        MoCoGAN: Decomposing Motion and Content for Video Generation (Tulyakov et al. 2018), section
        4, "shape motion", arXiv 1707.04993: 4,000 clips of 16 frames of 64×64 pixels. Ranges of
        colours, sizes and curves are not published, and ours.

    Args:
        sample_shape: [3, frames, height, width]; two frames at least.
        train_size: Training clips.
        test_size: Test clips.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    medium_class: ClassVar[type[Medium]] = Video

    def __init__(
        self,
        sample_shape: Sequence[int] = (3, 16, 64, 64),
        train_size: int = 4000,
        test_size: int = 1000,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, **options)
        if len(self.sample_shape) != 4 or self.sample_shape[0] != 3 or self.sample_shape[1] < 2:
            raise ValueError(
                "sample_shape must be [3, frames, height, width] of two frames at least, got "
                f"{list(sample_shape)}"
            )
        if min(self.sample_shape[2:]) < 16:
            raise ValueError(
                "shapes are told apart on 16×16 pixels at least, got sample_shape "
                f"{list(sample_shape)}"
            )
        for name, value in (("train_size", train_size), ("test_size", test_size)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.sizes = {True: train_size, False: test_size}

    def load(self, train: bool) -> Samples:
        """Draw a split; it depends on the seed alone."""
        random = torch.Generator().manual_seed(2 * self.seed + train)
        count = self.sizes[train]
        name = "train_size" if train else "test_size"
        require_memory(f"data.{name}", count * math.prod(self.sample_shape))
        clips = torch.empty(count, *self.sample_shape, dtype=torch.uint8)
        labels = torch.empty(count, dtype=torch.int64)
        for start in range(0, count, 250):  # masks take as much again
            part = clips[start : start + 250]
            labels[start : start + 250] = draw(part, random)
        return Samples(clips, labels)


def draw(clips: Tensor, random: torch.Generator) -> Tensor:
    """Draw a clip into each of uint8 (n, 3, T, H, W) and return their labels (n,)."""
    count, _, frames, height, width = clips.shape
    labels = torch.randint(4, (count,), generator=random)
    motion, shape = labels // 2, labels % 2
    smallest, largest = RADII
    radius = smallest + (largest - smallest) * torch.rand(count, generator=random)
    along, across = curves(frames, radius, random)
    sideways = (motion == 0)[:, None]
    x = torch.where(sideways, along, across)
    y = torch.where(sideways, across, along)
    columns = (torch.arange(width) + 0.5) / width - x[..., None]  # (n, T, W)
    rows = (torch.arange(height) + 0.5) / height - y[..., None]
    circle = rows.square()[..., None] + columns.square()[:, :, None] < radius.square().reshape(
        -1, 1, 1, 1
    )
    half = (radius * math.sqrt(math.pi) / 2).reshape(-1, 1, 1)  # of the circle's area
    square = (rows.abs() < half)[..., None] & (columns.abs() < half)[:, :, None]
    mask = torch.where((shape == 0).reshape(-1, 1, 1, 1), circle, square)
    clips.copy_(mask[:, None] * colours(count, random).reshape(-1, 3, 1, 1, 1))
    return labels


def curves(frames: int, radius: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return places along and across the motion in each frame, shape (n, T), from 0 to 1.

    Cubic Bézier curves from one side to the other, at even times, wholly within the field.
    """
    count = len(radius)
    t = torch.linspace(0, 1, frames)
    weights = torch.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    inner = torch.rand(count, 2, generator=random).sort(dim=1).values  # so that none turns back
    ends = torch.zeros(count, 1), torch.ones(count, 1)
    along = torch.cat([ends[0], inner, ends[1]], dim=1) @ weights
    across = torch.rand(count, 4, generator=random) @ weights
    margin = radius[:, None]
    return margin + (1 - 2 * margin) * along, margin + (1 - 2 * margin) * across


def colours(count: int, random: torch.Generator) -> Tensor:
    """Return bright colours, uint8 (n, 3)."""
    found = torch.rand(count, 3, generator=random)
    strongest = found.max(dim=1, keepdim=True).values
    level = BRIGHT + (255 - BRIGHT) * torch.rand(count, 1, generator=random)
    return (found / strongest * level).round().byte()
