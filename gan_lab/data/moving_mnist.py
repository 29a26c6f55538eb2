"""Digits that bounce about: Moving MNIST, made of MNIST."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.files import data_root
from gan_lab.data.mapping import require_memory
from gan_lab.data.mnist import MNISTDataModule
from gan_lab.data.samples import Samples
from gan_lab.media import Video

EDGE = 28


class MovingMNISTDataModule(InMemoryDataModule):
    """Clips of handwritten digits that move at constant speed and are thrown back by the edges.

    Training clips show MNIST's training digits and test clips its test digits. The label is the
    digit, or first · 10 + second where there are two; where digits overlap, the brighter pixel is
    seen.

    References:
        Unsupervised Learning of Video Representations using LSTMs (Srivastava et al. 2015), section
        3.1, arXiv 1502.04681: two digits, 20 frames of 64×64 pixels.

    Args:
        root: Folder of MNIST; see :class:`MNISTDataModule`.
        sample_shape: [1, frames, height, width], 28 pixels at least.
        digits: In a clip, 1 or 2.
        speed: Pixels a frame, positive; directions are drawn evenly.
        train_size: Training clips.
        test_size: Test clips.
        download: Whether absent files may be fetched.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a number is out of range.
    """

    medium_class: ClassVar[type[Medium]] = Video

    def __init__(
        self,
        root: str | Path,
        sample_shape: Sequence[int] = (1, 20, 64, 64),
        digits: int = 2,
        speed: float = 3.0,
        train_size: int = 10_000,
        test_size: int = 2000,
        download: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, **options)
        shape = self.sample_shape
        if len(shape) != 4 or shape[0] != 1 or shape[1] < 2 or min(shape[2:]) < EDGE:
            raise ValueError(
                f"sample_shape must be [1, frames, height, width] of two frames and {EDGE} pixels "
                f"at least, got {list(sample_shape)}"
            )
        if digits not in (1, 2):
            raise ValueError(f"digits must be 1 or 2, got {digits}")
        if not speed > 0:
            raise ValueError(f"speed must be positive, got {speed}")
        for name, value in (("train_size", train_size), ("test_size", test_size)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.mnist = MNISTDataModule(root, download=download)
        self.root = data_root(root)
        self.digits, self.speed = digits, speed
        self.sizes = {True: train_size, False: test_size}

    def prepare_data(self) -> None:
        """Fetch MNIST unless it is there; see :class:`MNISTDataModule`."""
        self.mnist.prepare_data()

    def load(self, train: bool) -> Samples:
        """Make a split of the same split of MNIST; it depends on the seed alone."""
        _, frames, height, width = self.sample_shape
        count = self.sizes[train]
        name = "train_size" if train else "test_size"
        require_memory(f"data.{name}", count * frames * height * width)
        random = torch.Generator().manual_seed(2 * self.seed + train)
        images, classes = self.mnist.load(train)
        clips = torch.zeros(count, 1, frames, height, width, dtype=torch.uint8)
        labels = torch.zeros(count, dtype=torch.int64)
        for _ in range(self.digits):
            chosen = torch.randint(len(images), (count,), generator=random)
            labels = 10 * labels + classes[chosen]
            room = torch.tensor([height - EDGE, width - EDGE])
            places = bounces(count, frames, room, self.speed, random).tolist()
            for clip, digit, path in zip(clips, images[chosen], places, strict=True):
                for frame, (top, left) in zip(clip[0], path, strict=True):
                    field = frame[top : top + EDGE, left : left + EDGE]
                    torch.maximum(field, digit[0], out=field)
        return Samples(clips, labels)


def bounces(count: int, frames: int, room: Tensor, speed: float, random: torch.Generator) -> Tensor:
    """Return where digits' upper left corners are in each frame, whole pixels (n, T, 2).

    Args:
        count: n, digits.
        frames: T.
        room: How far down and to the right a digit can move, (2,).
        speed: Pixels a frame.
        random: Of starts and directions.
    """
    start = torch.rand(count, 2, generator=random) * room
    angle = 2 * torch.pi * torch.rand(count, generator=random)
    velocity = speed * torch.stack([angle.sin(), angle.cos()], dim=1)
    straight = start[:, None] + velocity[:, None] * torch.arange(frames)[:, None]
    period = (2 * room).clamp(min=1)
    folded = straight.remainder(period)  # a path that is thrown back is a straight one, folded
    return torch.minimum(folded, period - folded).minimum(room).round().long()
