"""Photographs, of which training sees random crops."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from gan_lab.data.crops import CropsDataModule
from gan_lab.data.files import data_root
from gan_lab.data.image_folder import ENDINGS
from gan_lab.data.mapping import require_memory
from gan_lab.data.shipped import Split, shipped, shipped_photographs
from gan_lab.errors import LabError
from gan_lab.media.files import read_as


class PhotographsDataModule(CropsDataModule):
    """Crops of the photographs that scikit-image, scikit-learn and Matplotlib ship.

    Args:
        options: See :class:`CropsDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def prepare_data(self) -> None:
        """Check that what ships them is installed.

        Raises:
            LabError: If it is not.
        """
        for name in ("chelsea", "flower"):  # one of scikit-image's, one of scikit-learn's
            shipped(name, 1)

    def photographs(self, split: Split) -> list[Tensor]:
        """Return a split's photographs; see :data:`gan_lab.data.shipped.SHIPPED`."""
        return shipped_photographs(split, self.sample_shape[0])


class PhotographFolderDataModule(CropsDataModule):
    """Crops of the photographs in a folder of the user's, of any sizes, held in memory.

    In the order of names, every tenth is kept for the test split, and every tenth for the
    validation split if one is asked for, but at least one for each. A photograph that is there
    twice counts once.

    Args:
        root: The folder; those below it are read too.
        options: See :class:`CropsDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(self, root: str | Path, **options: Any) -> None:
        super().__init__(**options)
        self.root = data_root(root)

    def prepare_data(self) -> None:
        """Check that there are photographs.

        Raises:
            LabError: If the folder is absent or holds too few photographs.
        """
        self.files  # noqa: B018

    @cached_property
    def files(self) -> list[Path]:
        """The photographs in the order of their names, each once.

        Raises:
            LabError: If the folder is absent or does not hold one photograph for each split.
        """
        if not self.root.is_dir():
            raise LabError(f"data.root={self.root} is no folder; give one with photographs in it")
        found = (path for path in self.root.rglob("*") if path.suffix.lower() in ENDINGS)
        contents: dict[str, Path] = {}
        for path in sorted(path for path in found if path.is_file()):
            contents.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)
        needed = 2 + bool(self.sizes["validation"])
        if len(contents) < needed:
            raise LabError(
                f"{self.root} holds {len(contents)} different photographs "
                f"({', '.join(sorted(ENDINGS))}); at least {needed} are needed, one for each split"
            )
        return list(contents.values())

    def photographs(self, split: Split) -> list[Tensor]:
        """Read a split's photographs."""
        return [
            self.read(path)
            for place, path in enumerate(self.files)
            if split_of(place, len(self.files), bool(self.sizes["validation"])) == split
        ]

    def read(self, path: Path) -> Tensor:
        """Return a photograph as a uint8 image (C, H, W).

        Raises:
            LabError: If the file is no image, or one that cannot be held.
        """
        pixels = read_as(path, self.sample_shape[0])
        require_memory("data.root", 2 * pixels.numel())
        return pixels


def split_of(place: int, count: int, validated: bool) -> Split:
    """Return the split of one of ``count`` photographs.

    >>> [split_of(place, 4, True) for place in range(4)]
    ['train', 'train', 'validation', 'test']
    >>> [split_of(place, 20, False) == "test" for place in range(20)].index(True)
    9
    """
    if count < 10:
        place += 10 - count  # the last is the tenth
    if place % 10 == 9:
        return "test"
    return "validation" if validated and place % 10 == 8 else "train"
