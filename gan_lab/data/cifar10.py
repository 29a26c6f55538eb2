"""CIFAR-10, from torchvision's host, verified by torchvision's checksums."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from filelock import FileLock
from torchvision.datasets import CIFAR10

from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.files import brief_timeout, data_root
from gan_lab.data.samples import Samples
from gan_lab.errors import LabError


class CIFAR10DataModule(InMemoryDataModule):
    """50,000 training and 10,000 test photographs of ten classes.

    References:
        Learning Multiple Layers of Features from Tiny Images (Krizhevsky 2009).

    Args:
        root: Folder of the data; torchvision's layout, ``root/cifar-10-batches-py``.
        sample_shape: [3, 32, 32].
        download: Whether absent files may be fetched.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        root: str | Path,
        sample_shape: Sequence[int] = (3, 32, 32),
        download: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, **options)
        if self.sample_shape != (3, 32, 32):
            raise ValueError(f"sample_shape must be [3, 32, 32], got {list(self.sample_shape)}")
        self.root = data_root(root)
        self.download = download

    def prepare_data(self) -> None:
        """Fetch the files unless they are there and whole, one process at a time.

        Raises:
            LabError: If they are absent or damaged and not to be had.
        """
        if self.is_whole():  # also where nothing can be written
            return
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LabError(f"cannot write CIFAR-10 to data.root: {error}") from error
        with FileLock(self.root / ".cifar10.lock"):
            try:
                with brief_timeout():
                    CIFAR10(self.root, download=self.download)
            except (URLError, OSError, RuntimeError) as error:
                reason = str(error).strip().splitlines()[-1]
                raise LabError(
                    f"CIFAR-10 is not in {self.root} or is damaged, and was not downloaded "
                    f"({reason}); put cifar-10-batches-py there or use data=mnist"
                ) from error

    def is_whole(self) -> bool:
        """Tell whether all files are there, with the checksums they should have."""
        try:
            CIFAR10(self.root)
        except (RuntimeError, OSError):
            return False
        return True

    def load(self, train: bool) -> Samples:
        """Read a split; see :meth:`InMemoryDataModule.load`.

        Raises:
            LabError: If a file is absent or is not the official one.
        """
        try:
            split = CIFAR10(self.root, train=train)
        except RuntimeError as error:
            raise LabError(
                f"CIFAR-10 in {self.root} is absent or damaged; delete "
                f"{self.root / CIFAR10.base_folder} and run again to fetch it anew"
            ) from error
        images = torch.from_numpy(split.data).permute(0, 3, 1, 2).contiguous()
        return Samples(images, torch.tensor(split.targets))
