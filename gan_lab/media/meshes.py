"""Solids as meshes, in files."""

import logging
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.media.files import require_file

ENDINGS = {".obj", ".ply", ".stl", ".off", ".glb", ".gltf", ".3mf", ".dae"}
"""Of files that trimesh reads; the last two with packages of its own."""
MOST_FACES = 5_000_000
PARTS = 3
"""Into how many parts along each edge a cube is divided, to tell how much of it is inside."""
Mesh = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Corners (V, 3) as (x, y, z), and the three corners of each face (F, 3)."""


def surface(solid: Tensor) -> Mesh | None:
    """Return the closed surface between inside and outside, None where there is no inside.

    Args:
        solid: uint8, shape (D, H, W); inside from 128 on. Beyond the grid all is outside.

    Returns:
        Corners within half a unit of the origin, and faces that show outwards.

    References:
        Efficient implementation of marching cubes' cases with topological guarantees (Lewiner et
        al. 2003), Journal of Graphics Tools 8(2), which scikit-image computes.

    Raises:
        LabError: If the extra ``shapes`` is not installed.
    """
    if not bool((solid >= 128).any()):
        return None
    padded = np.pad(solid.cpu().numpy().astype(np.float32), 1)
    # Between two bytes, so that no corner lies on a corner of the grid.
    corners, faces, _, _ = package("skimage.measure").marching_cubes(padded, 127.5)
    sides = np.array(solid.shape, dtype=np.float32)
    centred = (corners - 0.5 - sides / 2) / sides.max()
    # From (depth, height, width) to (x, y, z): the mirror turns faces to the outside.
    return np.ascontiguousarray(centred[:, ::-1], dtype=np.float32), faces.astype(np.int64)


def save_mesh(corners: NDArray[np.float32], faces: NDArray[np.int64], path: Path) -> None:
    """Write a mesh as OBJ, PLY or STL, by the file's ending.

    Raises:
        LabError: If the extra ``shapes`` is not installed or the disk does not take it.
    """
    mesh = package("trimesh").Trimesh(corners, faces, process=False)
    content = mesh.export(file_type=path.suffix.removeprefix("."))
    with written_whole(path, sync=False) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def meshes_below(folder: Path) -> list[Path]:
    """Return the meshes below a folder in the order of their names.

    Raises:
        LabError: If there is no such folder.
    """
    if not folder.is_dir():
        raise LabError(f"{folder} is no folder; give one with OBJ, PLY or STL files below it")
    found = (path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    return sorted(path for path in found if not path.is_dir())


def read_solid(path: Path, shape: Sequence[int]) -> Tensor:
    """Return a mesh as a solid: the cubes of which at least a half lies within it.

    It is moved and scaled, alike along all axes, until its longest side leaves a cube free at
    either end. A surface with holes encloses nothing, and becomes a shell of cubes that it crosses.

    Args:
        path: Of the file.
        shape: (1, depth, height, width).

    Returns:
        uint8 (1, D, H, W), 255 inside.

    Raises:
        LabError: If the file is no mesh, or one without extent, or the extra ``shapes`` is missing.
    """
    trimesh = package("trimesh")
    require_file(path)
    logging.getLogger("trimesh").setLevel(logging.CRITICAL)  # what it says, is said below
    try:
        mesh = trimesh.load(path, force="mesh")
        found = sound(mesh)
    except Exception as error:  # readers raise whatever a damaged file makes of them
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise LabError(f"{path} is a broken mesh ({reason}); mend or remove it") from error
    if found is not None:
        raise LabError(f"{path} is a broken mesh: it {found}; mend or remove it")
    sides = np.array(shape[1:][::-1], dtype=np.float64)  # x, y, z
    low, high = mesh.bounds
    scale = ((sides - 2) / np.maximum(high - low, 1e-12)).min()
    mesh.apply_translation(-(low + high) / 2)
    mesh.apply_scale(scale)
    mesh.apply_translation((sides - 1) / 2)  # cubes have whole numbers for centres
    parts = mesh.voxelized(pitch=1 / PARTS).fill("holes").points.round().astype(np.int64)
    x, y, z = np.clip(parts, 0, sides.astype(np.int64) - 1).T
    filled = np.zeros(tuple(shape[1:]), dtype=np.int64)
    np.add.at(filled, (z, y, x), 1)
    # A sheet without an inside is a third of the cubes that it goes through.
    least = PARTS**3 / (2 if mesh.is_watertight else PARTS)
    return torch.from_numpy(np.where(filled >= least, 255, 0).astype(np.uint8))[None]


def sound(mesh: Any) -> str | None:
    """Return what is wrong with a mesh; None where nothing is."""
    if not len(getattr(mesh, "faces", ())):
        return "has no faces"
    if len(mesh.faces) > MOST_FACES:
        return f"has {len(mesh.faces):,} faces, and at most {MOST_FACES:,} are read"
    if not np.isfinite(mesh.vertices).all():
        return "has corners that are no finite numbers"
    if not np.ptp(mesh.bounds, axis=0).max() > 0:
        return "has no extent"
    return None


def package(name: str) -> ModuleType:
    """Return one of the packages that make and read meshes.

    Raises:
        LabError: If it is not installed.
    """
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = "scikit-image" if name.startswith("skimage") else name
        raise LabError(
            f"meshes need {missing}, which is not installed: pip install 'gan-lab[shapes]'"
        ) from error
