"""Whatever stops a run, the last checkpoint is whole and the run goes on from it exactly."""

import errno
import json
import os
import random
import resource
import signal
import sys
import time
from pathlib import Path

import pytest

from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.run.checkpoint import read_checkpoint
from gan_lab.run.folder import RunFolder
from tests.children import children
from tests.cli.test_resume import TINY, assert_ends_alike, curves, last, tensorboard_steps
from tests.conftest import CommandLine

LINE = (*TINY, "model=mlp", "model.generator.hidden=[32]", "model.discriminator.hidden=[32]")


def train_here(arguments: list[str]) -> None:
    """Run the command line; in a process of its own, which may be killed."""
    import torch

    from gan_lab.train import main

    torch.set_num_threads(1)
    sys.argv = ["train", *arguments]
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        main()


@pytest.mark.parametrize("kills", [1, pytest.param(50, marks=pytest.mark.slow)])
def test_kill_at_any_moment(
    train: CommandLine, mnist_root: Path, tmp_path: Path, kills: int
) -> None:
    every = 3
    line = (
        *LINE,
        f"data.root={mnist_root}",
        "trainer.accelerator=cpu",
        f"callbacks.checkpoints.every_n_steps={every}",
        f"+callbacks.note={{_target_: tests.interruptions.StepNote, path: {tmp_path}/note}}",
    )
    folder, note = tmp_path / "killed", tmp_path / "note"
    moments = random.Random(kills)
    context = children()
    reached, begun = 0, 0
    for _ in range(kills):
        arguments = [*line, "resume=auto", "trainer.max_steps=1000000", f"hydra.run.dir={folder}"]
        process = context.Process(target=train_here, args=(arguments,))
        process.start()
        # From the first imports to long after the first checkpoints.
        deadline, target = time.monotonic() + moments.uniform(0, 60), moments.randrange(40)
        while time.monotonic() < deadline and process.is_alive():
            if note.exists() and len(note.read_text().splitlines()) - begun >= target:
                break
            time.sleep(0.01)
        assert process.is_alive() and process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        steps = note.read_text().split() if note.exists() else []
        begun = len(steps)
        if (folder / "checkpoints" / "last.ckpt").exists():
            step = read_checkpoint(folder / "checkpoints" / "last.ckpt")["global_step"]
            assert step >= reached
            # Of what was done, at most what lies between two checkpoints is lost.
            assert not steps or step >= int(steps[-1]) - every
            assert RunFolder.read(folder).status in ("killed", "not begun")
            reached = step
    assert reached > 0
    end = f"trainer.max_steps={reached + 5}"
    train(*line, end, "resume=auto", f"hydra.run.dir={folder}")
    whole = train(*line, end, folder="whole")
    assert_ends_alike(whole, folder)
    assert RunFolder.read(folder).status == "finished"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1"])
def test_a_signal_ends_the_step_and_saves(train: CommandLine, tmp_path: Path, name: str) -> None:
    with pytest.raises(SystemExit) as stop:
        train(
            *LINE,
            f"+callbacks.stop={{_target_: tests.interruptions.SignalAt, step: 4, name: {name}}}",
        )
    assert stop.value.code == 128 + getattr(signal, name)
    assert RunFolder.read(tmp_path / "run").status == "interrupted"
    assert last(tmp_path / "run")["global_step"] == 4


def test_two_signals_stop_at_once_and_leave_no_half_step(
    train: CommandLine, tmp_path: Path
) -> None:
    stop = "{_target_: tests.interruptions.SignalAt, step: 6, name: SIGINT, times: 2}"
    with pytest.raises(SystemExit):
        train(*LINE, f"+callbacks.stop={stop}", "callbacks.checkpoints.every_n_steps=4")
    folder = tmp_path / "run"
    assert last(folder)["global_step"] == 4
    assert RunFolder.read(folder).status == "interrupted"
    train(f"resume={folder}", "+callbacks.stop=null", "trainer.max_steps=8")
    assert [int(row["step"]) for row in curves(folder)] == [2, 4, 6, 8] == tensorboard_steps(folder)


def test_a_full_disk_leaves_the_earlier_checkpoint(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    full = "{_target_: tests.interruptions.FullDiskAt, step: 6, size: 200000}"
    try:
        with pytest.raises(SystemExit) as stop:
            train(*LINE, f"+callbacks.full={full}", "callbacks.checkpoints.every_n_steps=4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert stop.value.code == 1
    folder = tmp_path / "run"
    message = capsys.readouterr().err.splitlines()[-1]
    assert f"cannot write {folder}/checkpoints/last.ckpt: File too large" in message
    assert last(folder)["global_step"] == 4
    assert RunFolder.read(folder).status == "failed"
    assert not list(folder.rglob(".*.tmp"))
    train(f"resume={folder}", "+callbacks.full=null", "trainer.max_steps=9")
    assert last(folder)["global_step"] == 9


def test_no_space_is_told_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("before")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LabError, match="No space left on device"), written_whole(path) as file:
        file.write(b"after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_half_written_row_is_dropped(tmp_path: Path) -> None:
    from gan_lab.run.loggers import MetricsCSV

    logger = MetricsCSV(tmp_path)
    for step in (10, 20, 30):
        logger.log_metrics({"loss": step / 10}, step)
        logger.save()
        logger.log_metrics({"fid": 1.0}, step)
    logger.finalize("success")
    assert len(curves(tmp_path)) == 3
    with logger.path.open("a") as file:
        file.write("1")  # of "130,..."
    again = MetricsCSV(tmp_path, first_step=20)
    again.log_metrics({"loss": 9.0, "kid": 2.0}, 30)
    again.finalize("success")
    assert [tuple(row.values()) for row in curves(tmp_path)] == [
        ("10", "1.0", "1.0", ""),
        ("20", "2.0", "1.0", ""),
        ("30", "9.0", "", "2.0"),
    ]


def test_a_failed_run_says_why(train: CommandLine, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        train(*LINE, "n_critic=0")
    run = RunFolder.read(tmp_path / "run")
    assert run.status == "failed"
    assert "n_critic must be at least 1" in run.summary["error"]
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["steps"] == 0
