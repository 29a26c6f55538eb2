"""Solids on a grid of cubes."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.media.image import image_grid, quantise, to_float
from gan_lab.media.rendering import render

log = logging.getLogger(__name__)
SIDE_BY_SIDE = 4
"""Solids that TensorBoard is handed, which keeps each vertex as text."""


class Voxels(Medium):
    """Values in [-1, 1] to networks, bytes to files: inside where they are above the middle.

    Meshes are made of them by marching cubes (scikit-image) and written by trimesh: OBJ, PLY, STL.

    Args:
        shape: (1, depth, height, width), all positive; heights grow upwards.

    Raises:
        ValueError: If it is no such shape.
    """

    name: ClassVar[str] = "voxels"
    lasts: ClassVar[bool] = True
    formats: ClassVar[tuple[str, ...]] = ("obj", "ply", "stl")

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__(require_grid(shape))

    def to_float(self, raw: Tensor) -> Tensor:
        return to_float(raw)

    def to_raw(self, samples: Tensor) -> Tensor:
        return quantise(samples)

    def picture(self, samples: Tensor, columns: int | None = None) -> Tensor:
        """Return all solids as they look from above and aside, lit from the left."""
        return image_grid(render(quantise(samples)[:, 0]), columns)

    def write(self, samples: Tensor, folder: Path, kind: str | None = None) -> list[Path]:
        """Write a mesh for each solid that has a surface, and tell of those that have none."""
        from gan_lab.media.meshes import save_mesh, surface

        paths, empty = [], []
        for index, solid in enumerate(quantise(samples)[:, 0]):
            mesh = surface(solid)
            if mesh is None:
                empty.append(index)
                continue
            paths.append(folder / f"{index:06d}.{kind or self.formats[0]}")
            save_mesh(*mesh, paths[-1])
        if empty:
            log.warning("no mesh of %s, which are empty", ", ".join(f"sample {i}" for i in empty))
        return paths

    def read(self, path: Path, count: int | None = None, seed: int = 0) -> Tensor:
        """Return the solids of a folder of meshes, filled, or of an .npz file of them."""
        from gan_lab.media.frames import read_samples
        from gan_lab.media.meshes import meshes_below, read_solid

        random = torch.Generator().manual_seed(seed)
        if path.suffix == ".npz":
            solids = read_samples(path, self.shape)
            return solids[torch.randperm(len(solids), generator=random)[:count]]
        files = meshes_below(path)
        if not files:
            raise LabError(f"there are no meshes in {path}; give a folder of OBJ, PLY or STL files")
        order = torch.randperm(len(files), generator=random)[:count]
        return torch.stack([read_solid(files[index], self.shape) for index in order.tolist()])

    def log(self, experiment: Any, tag: str, samples: Tensor, step: int) -> None:
        """Show the first solids as one mesh that can be turned."""
        from gan_lab.media.meshes import surface

        vertices, faces, before = [], [], 0
        for index, solid in enumerate(quantise(samples[:SIDE_BY_SIDE])[:, 0].cpu()):
            mesh = surface(solid)
            if mesh is None:
                continue
            vertices.append(torch.from_numpy(mesh[0]) + torch.tensor([1.2 * index, 0.0, 0.0]))
            faces.append(torch.from_numpy(mesh[1]) + before)
            before += len(mesh[0])
        if vertices:
            corners, triangles = torch.cat(vertices)[None], torch.cat(faces)[None]
            experiment.add_mesh(f"{tag}_meshes", corners, faces=triangles, global_step=step)


def require_grid(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape as a tuple, or raise ValueError where it is not that of a solid."""
    found = tuple(shape)
    if len(found) != 4 or min(found) < 1 or found[0] != 1:
        raise ValueError(f"a solid has a shape [1, depth, height, width], got {list(shape)}")
    return found
