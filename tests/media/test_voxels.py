"""Solids, how they look, and their meshes."""

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.media import Voxels
from gan_lab.media.meshes import read_solid, surface
from gan_lab.media.rendering import render

SHAPE = (1, 16, 16, 16)


def solids() -> Tensor:
    """A ball, a post that stands left of the middle, a hollow box, and nothing."""
    made = torch.zeros(4, *SHAPE, dtype=torch.uint8)
    line = torch.arange(16) - 7.5
    distance = sum(axis.square() for axis in torch.meshgrid(line, line, line, indexing="ij"))
    made[0, 0][distance < 30] = 255
    made[1, 0, 6:10, :12, 2:5] = 255
    made[2, 0, 2:14, 2:14, 2:14] = 255
    made[2, 0, 5:11, 5:11, 5:11] = 0
    return made


@pytest.mark.parametrize("kind", Voxels.formats)
def test_meshes_are_watertight_and_as_large_as_the_solid(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trimesh = pytest.importorskip("trimesh", reason="the extra shapes is not installed")
    with caplog.at_level(logging.WARNING):
        paths = Voxels(SHAPE).write(solids(), tmp_path, kind)
    assert [path.name for path in paths] == [f"00000{i}.{kind}" for i in range(3)]
    assert "no mesh of sample 3" in caplog.text
    for path, solid in zip(paths, solids(), strict=False):
        mesh = trimesh.load(path, force="mesh")
        assert mesh.is_watertight
        cubes = float((solid > 0).sum()) / 16**3
        assert mesh.volume == pytest.approx(cubes, rel=0.25)  # and faces show outwards
    post = trimesh.load(paths[1], force="mesh").bounds
    assert post[0] == pytest.approx([-6 / 16, -8 / 16, -2 / 16], abs=0.04)  # x, y, z
    assert post[1] == pytest.approx([-3 / 16, 4 / 16, 2 / 16], abs=0.04)


def test_a_surface_at_the_border_is_closed() -> None:
    pytest.importorskip("skimage", reason="the extra shapes is not installed")
    corners, faces = surface(torch.full((4, 4, 4), 255, dtype=torch.uint8)) or (None, None)
    assert corners is not None and faces is not None
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    assert surface(torch.full((4, 4, 4), 127, dtype=torch.uint8)) is None


def test_a_mesh_becomes_the_solid_that_it_was_made_of(tmp_path: Path) -> None:
    pytest.importorskip("trimesh", reason="the extra shapes is not installed")
    medium = Voxels(SHAPE)
    box = torch.zeros(1, *SHAPE, dtype=torch.uint8)
    box[0, 0, 4:12, 1:15, 6:10] = 255
    (path,) = medium.write(box, tmp_path)
    read = read_solid(path, SHAPE)
    assert ((read > 0) == (box[0] > 0)).float().mean() > 0.97
    inside = read[0, 6:10, 3:13, 7:9]
    assert (inside == 255).all()  # filled, and not a shell
    assert torch.equal(medium.read(tmp_path), read[None])


def test_rendering_shows_height_depth_and_light() -> None:
    post, box, nothing = (image[0].float() for image in render(solids()[[1, 2, 3], 0], 64))
    assert nothing.unique().numel() == 1
    background = nothing[0, 0]
    rows, columns = (post != background).nonzero().unbind(1)
    assert columns.float().mean() < 32  # to the left, as it stands
    assert (rows.max() - rows.min()) > (columns.max() - columns.min())
    seen = box[box != background]
    assert len(seen.unique()) > 3 and seen.max() > 1.3 * seen.min()  # three sides, lit otherwise
    assert torch.equal(render(solids()[:1, 0], 64)[0, 0], render(solids()[:, 0], 64)[0, 0])


def test_pictures_and_values() -> None:
    medium = Voxels(SHAPE)
    assert medium.picture(solids()).shape == (3, 2 * 98 + 2, 2 * 98 + 2)
    assert torch.equal(medium.to_raw(medium.to_float(solids())), solids())


def test_tensorboard_is_given_a_mesh_of_those_that_have_one() -> None:
    pytest.importorskip("skimage", reason="the extra shapes is not installed")

    class Writer:
        def add_mesh(self, tag: str, corners: Tensor, faces: Tensor, global_step: int) -> None:
            calls.append((tag, corners.shape, faces, global_step))

    calls: list[Any] = []
    Voxels(SHAPE).log(Writer(), "samples", solids(), 3)
    Voxels(SHAPE).log(Writer(), "samples", solids()[3:], 3)
    ((tag, shape, faces, step),) = calls
    assert (tag, step, shape[0]) == ("samples_meshes", 3, 1)
    assert int(faces.max()) == shape[1] - 1


BROKEN = {
    "text.obj": (b"this is no mesh", "is a broken mesh"),
    "cut.ply": (b"ply\nformat ascii 1.0\nelement vertex 8\n", "is a broken mesh"),
    "point.obj": (b"v 0 0 0\nf 1 1 1\n", "is a broken mesh"),
    "nan.obj": (b"v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "is a broken mesh"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_mesh_is_told_in_one_line(name: str, tmp_path: Path) -> None:
    pytest.importorskip("trimesh", reason="the extra shapes is not installed")
    content, sentence = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LabError, match=f"{name} {sentence}") as error:
        Voxels(SHAPE).read(tmp_path)
    assert "\n" not in str(error.value)


def test_meshes_without_the_extra_say_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trimesh", None)
    with pytest.raises(LabError, match=r"meshes need trimesh.*'gan-lab\[shapes\]'"):
        read_solid(tmp_path / "x.obj", SHAPE)
    monkeypatch.setitem(sys.modules, "skimage.measure", None)
    with pytest.raises(LabError, match=r"meshes need scikit-image.*'gan-lab\[shapes\]'"):
        Voxels(SHAPE).write(solids(), tmp_path)


@pytest.mark.parametrize("shape", [(3, 8, 8, 8), (1, 8, 8), (1, 0, 8, 8)])
def test_shapes_that_are_no_solids_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"a solid has a shape \[1, depth, height, width\]"):
        Voxels(shape)
