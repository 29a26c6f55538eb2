"""Any folder of images."""

import hashlib
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor

from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.files import data_root
from gan_lab.data.mapping import require_memory
from gan_lab.data.samples import Samples
from gan_lab.data.stored import StoredTensor
from gan_lab.errors import LabError
from gan_lab.media.files import bombs_are_errors, opened, require_file
from gan_lab.media.fitting import fitted

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
        require_grey_or_colour(self.sample_shape)
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
        files = images_below(self.root)
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
        read = partial(read_image, sample_shape=self.sample_shape)
        return Samples(read_set(self, chosen, self.sample_shape, read, len(files)), labels)


def images_below(folder: Path) -> list[Path]:
    """Return the image files below a folder in the order of their names."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    return sorted(path for path in found if not path.is_dir())


def read_set(
    data: InMemoryDataModule,
    paths: Sequence[Path],
    shape: Sequence[int],
    read: Callable[[Path], Tensor],
    count: int,
    what: str = "",
) -> Tensor | StoredTensor:
    """Return the images of files, held in memory or, where it would be filled, in a file.

    Args:
        data: Whose they are, with a ``root`` that they are below.
        paths: Of the files.
        shape: Of an image.
        read: Returns one of them as uint8 of that shape.
        count: How many images the set has in all.
        what: Tells apart what is read of the same files in different ways.

    Raises:
        LabError: If a file is no image, or the images cannot be kept in a file.
    """
    require_memory("data.sample_shape", 256 * math.prod(shape))
    batches = read_batches(paths, read)
    if not data.fits(count, shape):
        return data.store(key(data, paths, shape, what), batches, len(paths), shape)
    images = torch.empty(len(paths), *shape, dtype=torch.uint8)
    end = 0
    for batch in batches:
        images[end : (end := end + len(batch))] = batch
    return images


def key(
    data: InMemoryDataModule, paths: Sequence[Path], shape: Sequence[int], what: str = ""
) -> str:
    """Return what two sets share only if the same files were read in the same shape and way."""
    digest = hashlib.sha256(f"image_folder 1 {tuple(shape)}{what}".encode())
    for path in paths:
        require_file(path)
        status = path.stat()
        name = path.relative_to(getattr(data, "root", path.parent))
        digest.update(f"\n{name}\0{status.st_size}\0{status.st_mtime_ns}".encode())
    return digest.hexdigest()


def require_grey_or_colour(shape: Sequence[int], name: str = "sample_shape") -> None:
    """Raise ValueError where a shape is not that of a grey or of an RGB image."""
    if len(shape) != 3 or shape[0] not in {1, 3}:
        raise ValueError(
            f"{name} must be [1, height, width] or [3, height, width], got {list(shape)}"
        )


def read_batches(
    paths: Sequence[Path], read: Callable[[Path], Tensor], size: int = 256
) -> Iterator[Tensor]:
    """Yield images in the order of ``paths``, ``size`` at a time, read by several threads."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(paths), size):
            part = paths[start : start + size]
            with bombs_are_errors():
                images = list(pool.map(read, part))
            yield torch.stack(images)


def read_image(path: Path, sample_shape: Sequence[int]) -> Tensor:
    """Return one image as uint8 of ``sample_shape``, resized and cropped.

    Raises:
        LabError: If the file is no image, or one that cannot be held.
    """
    with opened(path) as file:
        image = pil_to_tensor(file.convert("L" if sample_shape[0] == 1 else "RGB"))
    return fitted(image, sample_shape[1:], path)
