"""The objective goes by any name that its figure is known by, and is checked before training."""

import json
from pathlib import Path

import pytest

from gan_lab.cli.objective import objective
from gan_lab.errors import LabError
from tests.cli.test_resume import stopped
from tests.cli.test_settings import NETWORKS, SMALL
from tests.conftest import CommandLine

LINE = (
    *SMALL,
    *NETWORKS,
    "trainer.max_steps=2",
    "trainer.log_every_n_steps=1",
    "callbacks.density=null",
    "callbacks.curves=null",
)
MEASURED = (
    "callbacks.evaluation.num_samples=8",
    "callbacks.evaluation.final_num_samples=16",
    "callbacks.evaluation.every_n_steps=1",
)


def test_a_short_name_is_the_last_measurement() -> None:
    final = {"fid/raw_8": 3.0, "fid/raw_16": 2.0, "fid/raw_16_ema": 1.0, "loss/generator": 5.0}
    summary = {"final": final}
    assert objective(summary, "fid") == 2.0
    assert objective(summary, "fid_ema") == 1.0
    assert objective(summary, "fid/raw_8") == 3.0
    assert objective(summary, "loss") == 5.0
    assert objective(summary, None) is None
    with pytest.raises(LabError, match="objective=kid: there is no figure kid"):
        objective(summary, "kid")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("fod", "objective=fod: there is no figure fod (did you mean fid?)"),
        ("fid_ema", "objective=fid_ema: there is no figure fid_ema"),
        ("loss/generator", "objective=loss/generator: there is no figure"),  # no curves are kept
    ],
)
def test_an_unknown_objective_is_refused_before_training(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, told: str
) -> None:
    assert told in stopped(train, capsys, *LINE, *MEASURED, f"objective={name}")
    folder = tmp_path / "run"
    assert json.loads((folder / "summary.json").read_text())["steps"] == 0
    assert not (folder / "checkpoints").exists()


def test_an_ambiguous_objective_lists_its_candidates(
    train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [text for text in LINE if "curves" not in text]
    message = stopped(train, capsys, *line, "objective=loss")
    assert "ambiguous; choose one of loss/discriminator, loss/generator" in message


@pytest.mark.parametrize(
    "name", ["fid", "divergence", "accuracy/real", "gradient_norm/generator", "images_per_second"]
)
def test_what_is_logged_is_an_objective(train: CommandLine, name: str) -> None:
    line = [text for text in LINE if "curves" not in text]
    train(*line, *MEASURED, f"objective={name}")


def test_what_is_foreseen_is_what_is_logged(train: CommandLine, tmp_path: Path) -> None:
    from gan_lab.cli import objective as room

    foreseen: set[str] = set()
    logged = room.logged

    def noted(*given: object) -> set[str]:
        foreseen.update(logged(*given))  # type: ignore[arg-type]
        return foreseen

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "logged", noted)
        line = [text for text in LINE if "curves" not in text]
        more = ("callbacks.ema.decay=0.9", "regularizer=r1")
        folder = train(*line, *MEASURED, *more, "objective=fid")
    assert foreseen == set(json.loads((folder / "summary.json").read_text())["final"])
