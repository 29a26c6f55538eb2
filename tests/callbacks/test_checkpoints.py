"""What a run has learnt reaches the disk before anything else can fail."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback

from gan_lab.callbacks.checkpoints import give_second_name
from gan_lab.errors import LabError
from tests.cli.test_resume import assert_ends_alike, last
from tests.conftest import CommandLine

LINE = (
    "data=ring",
    "data.train_size=200",
    "data.test_size=100",
    "data.batch_size=8",
    "model.generator.hidden=[8]",
    "model.discriminator.hidden=[8]",
    "callbacks.density=null",
    "callbacks.progress=null",
    "trainer.log_every_n_steps=2",
    "trainer.max_steps=9",
)
FEW = ("callbacks.evaluation.num_samples=20", "callbacks.evaluation.final_num_samples=20")


def fail_at(hook: str, step: int) -> Callback:
    """Return a callback that fails in a hook, at a step."""

    def fail(self: Callback, trainer: Any, *_: object) -> None:
        if trainer.global_step == step:
            raise LabError("the watcher fell asleep")

    return type("FailAt", (Callback,), {hook: fail})()


def failing(hook: str, step: int) -> str:
    target = "tests.callbacks.test_checkpoints.fail_at"
    return f"+callbacks.fail={{_target_: {target}, hook: {hook}, step: {step}}}"


@pytest.mark.parametrize(
    ("hook", "step"), [("on_train_end", 9), ("on_train_batch_end", 9), ("on_train_batch_end", 6)]
)
def test_a_watcher_that_fails_loses_no_step(
    train: CommandLine, tmp_path: Path, hook: str, step: int
) -> None:
    line = (*LINE, "callbacks.checkpoints.every_n_steps=100")
    with pytest.raises(SystemExit):
        train(*line, failing(hook, step))
    assert last(tmp_path / "run")["global_step"] == step
    if step < 9:
        train("data=ring", f"resume={tmp_path / 'run'}", "+callbacks.fail=null")
        assert_ends_alike(train(*line, folder="whole"), tmp_path / "run")


def test_a_step_that_fails_is_not_kept(train: CommandLine, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        train(*LINE, "callbacks.checkpoints.every_n_steps=4", failing("on_before_backward", 6))
    assert last(tmp_path / "run")["global_step"] == 4


def test_a_resumed_run_that_fails_as_it_starts_keeps_its_checkpoint(
    train: CommandLine, tmp_path: Path
) -> None:
    train(*LINE, "trainer.max_steps=4")
    path = tmp_path / "run" / "checkpoints" / "last.ckpt"
    before = path.read_bytes()
    with pytest.raises(SystemExit):
        train(
            "data=ring",
            f"resume={tmp_path / 'run'}",
            "trainer.max_steps=8",
            failing("on_train_start", 4),
        )
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("callbacks.evaluation.final_num_samples=1", "final_num_samples=1: "),
        ("callbacks.evaluation.num_samples=3", "num_samples=3: "),
        ("callbacks.evaluation.final_num_samples=200", "must be below the 200 training"),
    ],
)
def test_counts_that_no_metric_is_defined_for_are_refused_at_the_start(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, told: str
) -> None:
    name = option.partition("=")[0]
    with pytest.raises(SystemExit):
        train(*LINE, *(o for o in FEW if not o.startswith(f"{name}=")), option)
    assert told in capsys.readouterr().err
    assert not (tmp_path / "run" / "checkpoints" / "last.ckpt").exists()


@pytest.mark.parametrize("options", [(), FEW], ids=["no metrics", "a short run"])
def test_every_run_has_best_weights(
    train: CommandLine, tmp_path: Path, options: tuple[str, ...]
) -> None:
    folder = train(*LINE, *options, "trainer.max_steps=3")
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["best_step"] == 3
    if options:
        name = "fid/points_20"
        assert summary["best"][name] == pytest.approx(summary["final"][name])
    kept = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)
    assert kept["global_step"] == 3
    train("data=ring", f"resume={folder}", *options, "trainer.max_steps=5")
    assert json.loads((folder / "summary.json").read_text())["best_step"] == 5
    kept = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)
    assert kept["global_step"] == 5


def test_a_second_name_on_a_file_system_without_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError("no links here")

    (tmp_path / "last").write_text("weights")
    monkeypatch.setattr("os.link", refused)
    give_second_name(tmp_path / "last", "best")
    assert (tmp_path / "best").read_text() == "weights"
    monkeypatch.setattr("shutil.copy2", refused)
    with pytest.raises(LabError, match="cannot write .*previous: no links here"):
        give_second_name(tmp_path / "last", "previous")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best", "last"]
