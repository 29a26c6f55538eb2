"""Two domains of images in folders of the user's: paired or not."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor

from gan_lab.data.domains import Arrangement, Domains, DomainsDataModule
from gan_lab.data.files import data_root
from gan_lab.data.image_folder import (
    images_below,
    read_image,
    read_set,
    require_grey_or_colour,
)
from gan_lab.data.stored import StoredTensor
from gan_lab.errors import LabError
from gan_lab.media.files import opened
from gan_lab.media.fitting import fitted

Splits = tuple[list[Path], list[Path]]
"""Files to train on and files that are held out."""


class TwoFoldersDataModule(DomainsDataModule):
    """Images of two domains below one folder, each resized and cropped to one size.

    The domains lie in ``root/A`` and ``root/B``, of which every tenth file, in the order of names,
    makes up the test split; or in ``root/trainA``, ``trainB``, ``testA``, ``testB``, as CycleGAN's
    data sets do. Small letters do as well.

    Args:
        root: The folder.
        sample_shape: [channels, height, width] of the second domain, with 1 or 3 channels.
        reverse: Whether B is the first domain, which is translated from, and A the second.
        options: See :class:`DomainsDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        root: str | Path,
        sample_shape: Sequence[int] = (3, 64, 64),
        reverse: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, **options)
        require_grey_or_colour(self.sample_shape)
        require_grey_or_colour(self.source_shape, "source_shape")
        self.root = data_root(root)
        self.letters = ("b", "a") if reverse else ("a", "b")

    def prepare_data(self) -> None:
        """Check that there are images of both domains.

        Raises:
            LabError: If there are not.
        """
        self.files()

    def files(self) -> tuple[Splits, Splits]:
        """Return each domain's files.

        Raises:
            LabError: If a folder is absent or holds too few images.
        """
        first, second = (split_files(self.root, letter) for letter in self.letters)
        return first, second

    def load(self, train: bool) -> Domains:
        """Read a split; see :meth:`DomainsDataModule.load`."""
        files = [splits[not train] for splits in self.files()]
        shapes = self.source_shape, self.sample_shape
        columns = {
            name: self.read(paths, shape)
            for name, paths, shape in zip(self.keys, files, shapes, strict=True)
        }
        return Domains(columns, matched=self.aligned)

    def read(
        self,
        paths: Sequence[Path],
        shape: Sequence[int],
        read: Callable[..., Tensor] = read_image,
        what: str = "",
    ) -> Tensor | StoredTensor:
        """Return the images of files; see :func:`read_set`."""
        count = sum(len(part) for splits in self.files() for part in splits)
        return read_set(self, paths, shape, partial(read, sample_shape=shape), count, what)


class UnpairedFolderDataModule(TwoFoldersDataModule):
    """Images of two domains that nothing pairs; see :class:`TwoFoldersDataModule`.

    Args:
        root: See :class:`TwoFoldersDataModule`.
        arrangement: "unpaired" or "adaptation".
        options: See :class:`TwoFoldersDataModule`.

    Raises:
        ValueError: If pairs are asked for or a size is out of range.
    """

    aligned: ClassVar[bool] = False

    def __init__(
        self, root: str | Path, arrangement: Arrangement = "unpaired", **options: Any
    ) -> None:
        super().__init__(root, arrangement=arrangement, **options)


class PairedFolderDataModule(TwoFoldersDataModule):
    """Images of two domains in pairs: two files of one name, or two halves of one file.

    Where there are no folders of two domains, each file below ``root`` is taken for a pair side by
    side, A on the left: those of ``root/train`` and ``root/test`` (or ``val``), as pix2pix's data
    sets have them, or all that there are, of which every tenth makes up the test split.

    Args:
        root: See :class:`TwoFoldersDataModule`.
        arrangement: "pairs"; "unpaired" shows training no two of one pair.
        options: See :class:`TwoFoldersDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self, root: str | Path, arrangement: Arrangement = "pairs", **options: Any
    ) -> None:
        super().__init__(root, arrangement=arrangement, **options)

    @property
    def side_by_side(self) -> bool:
        """Whether each file holds a pair."""
        return find_folder(self.root, *(name for name, _ in folder_names("a"))) is None

    def files(self) -> tuple[Splits, Splits]:
        """Return each domain's files, where a pair is two of them in the same order.

        Raises:
            LabError: If a file has no partner, or a folder is absent or holds too few images.
        """
        if self.side_by_side:
            both = held_out(self.root, "train", "test", "val")
            return both, both
        first, second = super().files()
        for ours, theirs in zip(first, second, strict=True):
            names = [[path.stem for path in files] for files in (ours, theirs)]
            if names[0] != names[1]:
                alone = sorted(set(names[0]) ^ set(names[1])) or names[0]
                raise LabError(
                    f"{self.root}: {alone[0]} has no partner in the other domain; a pair is two "
                    "files of one name, or use data=unpaired_folder"
                )
        return first, second

    def load(self, train: bool) -> Domains:
        """Read a split; see :meth:`DomainsDataModule.load`."""
        if not self.side_by_side:
            return super().load(train)
        paths = self.files()[0][not train]
        shapes = self.source_shape, self.sample_shape
        columns = {
            name: self.read(paths, shape, partial(read_half, right=letter == "b"), f" {letter}")
            for name, letter, shape in zip(self.keys, self.letters, shapes, strict=True)
        }
        return Domains(columns, matched=self.aligned)


def read_half(path: Path, sample_shape: Sequence[int], right: bool) -> Tensor:
    """Return one half of an image as uint8 of ``sample_shape``, resized and cropped.

    Raises:
        LabError: If the file is no image, or one of a single column.
    """
    with opened(path) as file:
        image = pil_to_tensor(file.convert("L" if sample_shape[0] == 1 else "RGB"))
    width = image.shape[2] // 2
    if not width:
        raise LabError(f"{path} is one pixel wide, and a pair side by side needs two")
    return fitted(image[:, :, -width:] if right else image[:, :, :width], sample_shape[1:], path)


def folder_names(letter: str) -> list[tuple[str, str]]:
    """Return what the folders of a domain's training and test images may be called."""
    return [(f"train{letter}", f"test{letter}"), (letter, "")]


def find_folder(root: Path, *names: str) -> Path | None:
    """Return the first folder in ``root`` that has one of the names, in small letters or large."""
    there = sorted(root.iterdir()) if root.is_dir() else []
    folders = {path.name.lower(): path for path in there if path.is_dir()}
    return next((folders[name] for name in names if name in folders), None)


def split_files(root: Path, letter: str) -> Splits:
    """Return the images of one domain.

    Raises:
        LabError: If there is no folder of it, or it holds too few.
    """
    for train, test in folder_names(letter):
        folder = find_folder(root, train)
        if folder is not None:
            return held_out(folder, other=find_folder(root, test))
    raise LabError(
        f"{root} has no folder {letter.upper()} or train{letter.upper()}; two domains lie in A and "
        "B, or in trainA, trainB, testA and testB"
    )


def held_out(folder: Path, train: str = "", *tests: str, other: Path | None = None) -> Splits:
    """Return images to train on and others: those of a folder of their own, or every tenth.

    Args:
        folder: Where images are looked for.
        train: Within it, the folder of those to train on, if there is one.
        tests: Within it, what the folder of the others may be called.
        other: The folder of the others.

    Raises:
        LabError: If there are fewer than two to train on, or none that is held out.
    """
    other = other or find_folder(folder, *tests)
    images = images_below(find_folder(folder, train) or folder)
    if other is not None:
        kept, out = images, images_below(other)
    else:
        kept = [path for index, path in enumerate(images) if index % 10 != 9]
        out = images[9::10]
    if len(kept) < 2 or not out:
        raise LabError(
            f"{folder} holds {len(images)} images; at least 10 are needed, or 2 with others in a "
            "folder of their own for the test split"
        )
    return kept, out
