"""What a run says at its end holds for the run that has ended."""

import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from gan_lab.cli.announce import argument
from tests.cli.test_settings import NETWORKS, SMALL
from tests.conftest import CommandLine

MEASURED = (
    "callbacks.evaluation.num_samples=8",
    "callbacks.evaluation.final_num_samples=16",
    "trainer.max_steps=2",
    "trainer.log_every_n_steps=2",
)
PICTURES = (
    "model=mlp",
    "model.generator.hidden=[8]",
    "model.discriminator.hidden=[8]",
    "data.batch_size=16",
    "callbacks.nearest_neighbours=null",
    "callbacks.evaluation=null",
    "callbacks.samples.num_samples=4",
    "trainer.max_steps=2",
)


def follow(text: str, what: str, monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    """Run the command that a run has printed."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"  {what} ")]
    python, flag, module, *arguments = shlex.split(line.removeprefix(f"  {what}"))
    assert (python, flag) == ("python", "-m")
    monkeypatch.setattr(sys, "argv", [module, *arguments, *more])
    __import__(module)
    sys.modules[module].main()  # type: ignore[attr-defined]


def test_points_are_sampled_and_go_on_by_what_is_printed(
    train: CommandLine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = train(*SMALL, *NETWORKS, *MEASURED, folder="a=b,'c")
    errors = capsys.readouterr().err
    assert "measuring 16 samples" in errors
    (figures,) = [line for line in errors.splitlines() if "of 16 samples" in line]
    assert figures.startswith("  fid ") and "(real " in figures
    assert "last grid" not in errors  # points are no pictures
    follow(errors, "sample it", monkeypatch, f"hydra.run.dir={tmp_path}/drawn")
    assert np.load(tmp_path / "drawn" / "samples.npz")["samples"].shape == (64, 2)
    follow(errors, "resume it", monkeypatch)
    assert "finished at step 4 of 4" in capsys.readouterr().err
    assert (folder / "checkpoints" / "last.ckpt").exists()


def test_images_are_sampled_by_what_is_printed(
    train: CommandLine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = train(*PICTURES)
    errors = capsys.readouterr().err
    assert f"  last grid    {folder}/samples/step=000002.png" in errors
    follow(errors, "sample it", monkeypatch, f"hydra.run.dir={tmp_path}/drawn")
    assert (tmp_path / "drawn" / "grid.png").exists()


def test_nothing_is_offered_that_was_not_kept(
    train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    train(*PICTURES, "callbacks.checkpoints=null")
    errors = capsys.readouterr().err
    assert "sample it" not in errors and "resume it" not in errors
    assert "tensorboard --logdir" in errors


def test_a_path_is_written_for_the_shell() -> None:
    assert argument("resume", Path("outputs/a=1,b=2")) == "resume=outputs/a=1,b=2"
    assert shlex.split(argument("runs", Path("my runs"))) == ["runs=my runs"]
    assert shlex.split(argument("runs", Path("[a]"))) == ["runs='[a]'"]
