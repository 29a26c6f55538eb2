"""A checkpoint names a data set, and nobody but the user and the lab says where it lies."""

from pathlib import Path
from typing import Any

import pytest

from gan_lab.cli.stored_data import kept_at, stored_data
from gan_lab.data import MNISTDataModule, RingDataModule
from gan_lab.errors import LabError

MNIST = {
    "_target_": "gan_lab.data.MNISTDataModule",
    "sample_shape": [1, 28, 28],
    "batch_size": 64,
    "seed": 0,
}
FOLDER = {"_target_": "gan_lab.data.ImageFolderDataModule", "sample_shape": [3, 8, 8]}
HERE = Path("x.ckpt")


def test_a_stored_place_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_LAB_DATA", str(tmp_path / "kept"))
    forged = {**MNIST, "root": str(tmp_path / "theirs")}
    data = stored_data(forged, HERE, None, ())
    assert isinstance(data, MNISTDataModule)
    assert data.root == tmp_path / "kept"
    chosen = stored_data(forged, HERE, str(tmp_path / "mine"), ())
    assert isinstance(chosen, MNISTDataModule)
    assert chosen.root == tmp_path / "mine"
    assert list(tmp_path.iterdir()) == []


def test_where_the_lab_keeps_nothing_the_user_says_where(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="give root=FOLDER"):
        stored_data({**FOLDER, "root": str(tmp_path)}, HERE, None, ())
    assert stored_data(FOLDER, HERE, str(tmp_path), ()).root == tmp_path  # type: ignore[attr-defined]
    ring = {"_target_": "gan_lab.data.RingDataModule", "modes": 4, "sample_shape": [2]}
    assert isinstance(stored_data(ring, HERE, None, ()), RingDataModule)
    assert kept_at("gan_lab.data.RingDataModule") is None
    assert kept_at("gan_lab.data.ImageFolderDataModule") is None


@pytest.mark.parametrize(
    ("node", "told"),
    [
        (None, "names no data set"),
        ({"root": "x"}, "names no data set"),
        ({"_target_": "os.system"}, "only classes of gan_lab"),
        (
            {"_target_": "gan_lab.models.MLPGenerator", "latent_dim": 2, "sample_shape": [2]},
            "no data",
        ),
        ({**MNIST, "batch": 3}, "cannot be built"),
        ({"_target_": "gan_lab.data.RingDataModule", "train_size": 10**12}, "more than"),
        ({**MNIST, "sample_shape": [1, 10**5, 10**5], "batch_size": 64}, "more than"),
    ],
)
def test_what_is_no_data_set_of_the_labs_is_refused(node: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(LabError, match=told):
        stored_data(node, HERE, str(tmp_path), ())
