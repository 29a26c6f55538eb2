"""Stacked MNIST: three digits as the colours of one image, a thousand modes."""

from pathlib import Path
from typing import Any

import torch

from gan_lab.data.mapping import require_memory
from gan_lab.data.mnist import MNISTDataModule
from gan_lab.data.samples import Samples


class StackedMNISTDataModule(MNISTDataModule):
    """Images of three independently drawn MNIST digits; the label is the three-digit number.

    References:
        Unrolled Generative Adversarial Networks (Metz et al. 2017), section
        3.3.1, arXiv 1611.02163. VEEGAN (Srivastava et al. 2017), arXiv 1705.07761.

    Args:
        root: See :class:`MNISTDataModule`.
        size: Training images; the test split has a sixth as many.
        options: See :class:`MNISTDataModule`, without ``sample_shape``.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(self, root: str | Path, size: int = 60_000, **options: Any) -> None:
        sample_shape = tuple(options.pop("sample_shape", (3, 28, 28)))
        if len(sample_shape) != 3 or sample_shape[0] != 3:
            raise ValueError(
                f"sample_shape must be [3, 28, 28] or larger, got {list(sample_shape)}"
            )
        if size < 6:
            raise ValueError(f"size must be at least 6, got {size}")
        super().__init__(root, sample_shape=(1, *sample_shape[1:]), **options)
        self.sample_shape = sample_shape
        self.size = size

    def load(self, train: bool) -> Samples:
        """Read MNIST and stack digits; the order depends on the seed and the split alone."""
        count = self.size if train else self.size // 6
        require_memory("data.size", 3 * count * self.sample_shape[-1] ** 2)
        images, labels = super().load(train)
        random = torch.Generator().manual_seed(2 * self.seed + train)
        triples = torch.randint(len(images), (count, 3), generator=random)
        digits = labels[triples]
        stacked = images[triples].squeeze(2)
        return Samples(stacked, 100 * digits[:, 0] + 10 * digits[:, 1] + digits[:, 2])
