"""Data sets of solids."""

from pathlib import Path

import pytest
import torch

from gan_lab.data import MeshFolderDataModule, SolidsDataModule
from gan_lab.data.distances import KINDS, Grid
from gan_lab.errors import LabError
from gan_lab.media import Voxels
from gan_lab.metrics.solids import pieces

SMALL = (1, 16, 16, 16)


def drawn(**options: object) -> SolidsDataModule:
    data = SolidsDataModule(SMALL, train_size=240, test_size=60, batch_size=4, **options)  # type: ignore[arg-type]
    data.setup()
    return data


def test_solids_stand_on_the_floor_within_the_grid() -> None:
    solids, labels = drawn().train
    assert solids.shape == (240, *SMALL) and set(solids.unique().tolist()) == {0, 255}
    assert set(labels.tolist()) == set(range(6))
    filled = solids[:, 0] > 0
    lowest = filled.any(3).any(1).float().argmax(1)
    assert set(lowest.tolist()) <= {0, 1}
    assert not filled[:, :, -1].any()  # none reaches the ceiling
    assert (filled.float().mean((1, 2, 3)) > 0.005).all()


@pytest.mark.parametrize("edge", [16, 32])
def test_nothing_falls_apart(edge: int) -> None:
    random = torch.Generator().manual_seed(0)
    for kind, field in KINDS.items():
        solids = field(Grid(edge), torch.rand(60, 8, generator=random)) < 0
        assert (pieces(solids) == 1).all(), kind


def test_a_ring_has_a_hole_and_a_mug_a_hollow() -> None:
    numbers = torch.full((1, 8), 0.6)
    ring = KINDS["torus"](Grid(32), numbers)[0] < 0  # (z, y, x), lying
    middle = ring[:, :, :].any(1)
    assert not middle[15:17, 15:17].any() and middle[16].any()
    mug = KINDS["mug"](Grid(32), numbers)[0] < 0
    column = mug[16, :, 16].float()  # upwards through its middle: floor, then nothing
    assert column[:6].any() and not column[10:].any()


def test_distances_are_of_unit_slope_outside() -> None:
    """So that they are distances, and a level of them is an even wall."""
    field = KINDS["torus"](Grid(32), torch.full((1, 8), 0.4))[0]
    slope = torch.stack(torch.gradient(field, spacing=2 / 32)).norm(dim=0)
    outside = (field > 0.3)[2:-2, 2:-2, 2:-2]
    assert slope[2:-2, 2:-2, 2:-2][outside].median() == pytest.approx(1, abs=0.02)


def test_kinds_can_be_chosen_and_a_seed_decides_all() -> None:
    chairs = drawn(kinds=["table", "chair"])
    assert chairs.kinds == ["chair", "table"] and set(chairs.train.labels.tolist()) == {0, 1}
    assert torch.equal(drawn().test.images, drawn().test.images)
    assert not torch.equal(drawn().test.images, drawn(seed=1).test.images)
    with pytest.raises(ValueError, match="kinds must be some of capsule, chair, lamp"):
        SolidsDataModule(kinds=["sofa"])
    with pytest.raises(ValueError, match="an edge of 16 at least"):
        SolidsDataModule([1, 8, 8, 8])


def test_a_folder_of_meshes_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("trimesh", reason="the extra shapes is not installed")
    solids, _ = drawn(kinds=["table"]).test
    for name, part in (("a", solids[:6]), ("b", solids[6:10])):
        Voxels(SMALL).write(part, tmp_path / name, "stl")
    data = MeshFolderDataModule(tmp_path, SMALL, batch_size=2)
    data.prepare_data()
    data.setup()
    assert (
        data.train.images.shape == (9, *SMALL) and data.train.labels.tolist() == [0] * 6 + [1] * 3
    )
    assert ((data.train.images[:] > 0).float().mean((1, 2, 3, 4)) > 0.02).all()
    monkeypatch.setattr("gan_lab.data.mesh_folder.read_solid", None)
    again = MeshFolderDataModule(tmp_path, SMALL, batch_size=2)
    again.setup()
    assert torch.equal(again.train.images[:], data.train.images[:])


def test_a_broken_or_a_missing_mesh_is_told_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("trimesh", reason="the extra shapes is not installed")
    with pytest.raises(LabError, match="is no folder"):
        MeshFolderDataModule(tmp_path / "nowhere").prepare_data()
    with pytest.raises(LabError, match="holds 0 meshes"):
        MeshFolderDataModule(tmp_path).prepare_data()
    for index in range(10):
        (tmp_path / f"{index}.obj").write_text("no mesh")
    with pytest.raises(LabError, match="0.obj is a broken mesh"):
        MeshFolderDataModule(tmp_path, SMALL).setup()


def test_every_second_chair_has_arms() -> None:
    numbers = torch.full((2, 8), 0.5)
    numbers[:, 6] = torch.tensor([0.4, 0.6])
    with_arms, without = (KINDS["chair"](Grid(32), numbers) < 0).unbind()
    assert (with_arms & ~without).any() and not (without & ~with_arms).any()
