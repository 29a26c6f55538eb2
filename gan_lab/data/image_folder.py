"""Any folder of images."""

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import center_crop, pil_to_tensor, resize

from gan_lab.data.base import InMemoryDataModule, Samples
from gan_lab.data.files import data_root
from gan_lab.data.mapping import require_memory
from gan_lab.errors import LabError
from gan_lab.media.files import bombs_are_errors, opened, require_file, require_size

ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".gif"}


class ImageFolderDataModule(InMemoryDataModule):
    """All images below a folder, shrunk to one size, their subfolder's number as label.

    An image is resized until it just covers the wanted size, and the middle is cut out.
    Every tenth file, in the order of names, makes up the test split.

    A set that does not fit the memory is read once, a few images at a time, into a file
    below ``root/.gan_lab``. The file's name is a digest over the names, sizes and times of
    change of the images in it and over ``sample_shape``: whatever changes makes a new one.

    Args:
        root: The folder.
        sample_shape: [channels, height, width] with 1 (grey) or 3 (RGB) channels.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self, root: str | Path, sample_shape: Sequence[int] = (3, 64, 64), **options: Any
    ) -> None:
        super().__init__(sample_shape, **options)
        shape = self.sample_shape
        if len(shape) != 3 or shape[0] not in {1, 3} or min(shape) < 1:
            raise ValueError(
                f"sample_shape must be [1, height, width] or [3, height, width], got {list(shape)}"
            )
        self.root = data_root(root)

    def prepare_data(self) -> None:
        """Check that there are images.

        Raises:
            LabError: If the folder is absent or holds too few images.
        """
        self.files()

    def files(self) -> list[Path]:
        """Return the images below the folder in the order of their names.

        Raises:
            LabError: If the folder is absent or holds fewer than ten images.
        """
        if not self.root.is_dir():
            raise LabError(f"data.root={self.root} is no folder; give one with images below it")
        found = (path for path in self.root.rglob("*") if path.suffix.lower() in ENDINGS)
        files = sorted(path for path in found if not path.is_dir())
        if len(files) < 10:
            raise LabError(
                f"{self.root} holds {len(files)} images ({', '.join(sorted(ENDINGS))}); "
                "at least 10 are needed"
            )
        return files

    def load(self, train: bool) -> Samples:
        """Read a split; see :meth:`InMemoryDataModule.load`.

        Raises:
            LabError: If a file is no image, or the images cannot be kept in a file.
        """
        files = self.files()
        classes = {folder: label for label, folder in enumerate(sorted({p.parent for p in files}))}
        chosen = [path for index, path in enumerate(files) if (index % 10 != 9) is train]
        labels = torch.tensor([classes[path.parent] for path in chosen])
        require_memory("data.sample_shape", 256 * math.prod(self.sample_shape))
        batches = read_batches(chosen, self.sample_shape)
        if not self.fits(len(files)):
            return Samples(self.store(self.key(chosen), batches, len(chosen)), labels)
        images = torch.empty(len(chosen), *self.sample_shape, dtype=torch.uint8)
        end = 0
        for batch in batches:
            images[end : (end := end + len(batch))] = batch
        return Samples(images, labels)

    def key(self, paths: Sequence[Path]) -> str:
        """Return what two sets share only if the same files were read in the same shape."""
        digest = hashlib.sha256(f"image_folder 1 {self.sample_shape}".encode())
        for path in paths:
            require_file(path)
            status = path.stat()
            name = path.relative_to(self.root)
            digest.update(f"\n{name}\0{status.st_size}\0{status.st_mtime_ns}".encode())
        return digest.hexdigest()


def read_batches(
    paths: Sequence[Path], sample_shape: Sequence[int], size: int = 256
) -> Iterator[Tensor]:
    """Yield images in the order of ``paths``, ``size`` at a time, read by several threads."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(paths), size):
            part = paths[start : start + size]
            with bombs_are_errors():
                images = list(pool.map(lambda path: read_image(path, sample_shape), part))
            yield torch.stack(images)


def read_image(path: Path, sample_shape: Sequence[int]) -> Tensor:
    """Return one image as uint8 of ``sample_shape``, resized and cropped.

    Raises:
        LabError: If the file is no image, or one that cannot be held.
    """
    channels, *wanted = sample_shape
    with opened(path) as file:
        image = pil_to_tensor(file.convert("L" if channels == 1 else "RGB"))
    covering = cover(image.shape[-2:], wanted)
    require_size(path, covering[1], covering[0])  # a line of pixels grows as it is resized
    cropped: Tensor = center_crop(resize(image, covering, antialias=True), wanted)
    return cropped


def cover(size: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """Return the smallest (height, width) of the aspect of ``size`` that covers ``wanted``.

    >>> cover((20, 30), (8, 8)), cover((20, 30), (8, 16)), cover((20, 30), (9, 3))
    ([8, 12], [10, 16], [9, 13])
    """
    (height, width), (wanted_height, wanted_width) = size, wanted
    if wanted_height * width >= wanted_width * height:
        return [wanted_height, wanted_height * width // height]
    return [wanted_width * height // width, wanted_width]
