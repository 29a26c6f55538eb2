"""Any folder of meshes."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.files import data_root
from gan_lab.data.mapping import require_memory
from gan_lab.data.samples import Samples
from gan_lab.errors import LabError
from gan_lab.media import Voxels
from gan_lab.media.meshes import ENDINGS, meshes_below, package, read_solid

FEWEST = 10


class MeshFolderDataModule(InMemoryDataModule):
    """All meshes below a folder, filled and cut into cubes, their subfolder's number as label.

    What trimesh reads (the extra ``shapes``): OBJ, PLY, STL, OFF, GLB and more. Each is scaled to
    the grid, see :func:`gan_lab.media.meshes.read_solid`; axes stay as the file has them, heights
    along y. Every tenth file, in the order of names, makes up the test split.

    Args:
        root: The folder.
        sample_shape: [1, depth, height, width].
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    medium_class: ClassVar[type[Medium]] = Voxels

    def __init__(
        self, root: str | Path, sample_shape: Sequence[int] = (1, 32, 32, 32), **options: Any
    ) -> None:
        super().__init__(sample_shape, **options)
        if len(self.sample_shape) != 4 or self.sample_shape[0] != 1 or min(sample_shape[1:]) < 8:
            raise ValueError(
                "sample_shape must be [1, depth, height, width] of 8 at least, got "
                f"{list(sample_shape)}"
            )
        self.root = data_root(root)

    def prepare_data(self) -> None:
        """Check that there are meshes, and what reads them.

        Raises:
            LabError: If the folder is absent or holds too few, or trimesh is not installed.
        """
        package("trimesh")
        self.files()

    def files(self) -> list[Path]:
        """Return the meshes below the folder in the order of their names.

        Raises:
            LabError: If the folder is absent or holds fewer than ten meshes.
        """
        if not self.root.is_dir():
            raise LabError(f"data.root={self.root} is no folder; give one with meshes below it")
        files = meshes_below(self.root)
        if len(files) < FEWEST:
            raise LabError(
                f"{self.root} holds {len(files)} meshes ({', '.join(sorted(ENDINGS))}); "
                f"at least {FEWEST} are needed"
            )
        return files

    def load(self, train: bool) -> Samples:
        """Read a split; see :meth:`InMemoryDataModule.load`.

        Raises:
            LabError: If a file is a broken mesh, or the solids cannot be kept in a file.
        """
        files = self.files()
        classes = {folder: label for label, folder in enumerate(sorted({p.parent for p in files}))}
        chosen = [path for index, path in enumerate(files) if (index % 10 != 9) is train]
        labels = torch.tensor([classes[path.parent] for path in chosen])
        require_memory("data.sample_shape", 8 * math.prod(self.sample_shape))
        # Kept in any case: to fill a mesh takes far longer than to read what it became.
        return Samples(self.store(self.key(chosen), self.solids(chosen), len(chosen)), labels)

    def solids(self, paths: Sequence[Path]) -> Iterator[Tensor]:
        """Yield the solid (1, 1, D, H, W) of one file after another."""
        for path in paths:
            yield read_solid(path, self.sample_shape)[None]

    def key(self, paths: Sequence[Path]) -> str:
        """Return what two sets share only if the same files were read in the same shape."""
        digest = hashlib.sha256(f"mesh_folder 1 {self.sample_shape}".encode())
        for path in paths:
            status = path.stat()
            name = path.relative_to(self.root)
            digest.update(f"\n{name}\0{status.st_size}\0{status.st_mtime_ns}".encode())
        return digest.hexdigest()
