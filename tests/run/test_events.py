"""TensorBoard's events on a full disk: one line that says where, and no traceback of a thread."""

import errno
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tensorboard.summary.writer.record_writer import RecordWriter

from gan_lab.errors import LabError
from gan_lab.run.events import name_writers_errors
from gan_lab.run.folder import RunFolder
from gan_lab.run.loggers import MetricsCSV, TensorBoard
from tests.callbacks.test_checkpoints import LINE
from tests.cli.test_resume import last
from tests.conftest import CommandLine


@pytest.fixture(autouse=True)
def _hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def log_until_told(logger: TensorBoard) -> None:
    for step in range(200):
        logger.log_metrics({"loss": 1.0}, step)
        time.sleep(0.01)


def test_a_full_disk_is_told_by_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = TensorBoard(tmp_path)
    logger.log_metrics({"loss": 1.0}, 1)
    monkeypatch.setattr(RecordWriter, "write", full)
    with pytest.raises(LabError, match=f"cannot write {tmp_path}.*: No space left on device"):
        log_until_told(logger)
    with pytest.raises(OSError, match="No space left") as error:
        logger.save()
    assert str(error.value.filename).startswith(str(tmp_path))
    logger.finalize("failed")
    assert "Traceback" not in capsys.readouterr().err


def test_other_threads_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", heard.append)
    for _ in range(3):
        name_writers_errors("nowhere")
    thread = threading.Thread(target=full)
    thread.start()
    thread.join()
    assert len(heard) == 1 and heard[0].exc_value.filename is None


def test_a_full_disk_under_the_rows_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = MetricsCSV(tmp_path)
    logger.log_metrics({"loss": 1.0}, 1)
    logger.save()
    monkeypatch.setattr("csv.DictWriter.writerow", full)
    with pytest.raises(LabError, match="cannot write .*metrics.csv: No space left on device"):
        logger.save()


def test_a_run_on_a_full_disk_says_where_and_that_it_failed(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = "tests.run.test_events.fill"
    with pytest.MonkeyPatch.context() as patched:
        FILLING.append(patched)
        with pytest.raises(SystemExit) as stop:
            train(*LINE, "trainer.max_steps=100000", f"+callbacks.full={{_target_: {target}}}")
        FILLING.clear()
    assert stop.value.code == 1
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    assert f"{tmp_path}/run" in errors.splitlines()[-1]
    assert "No space left on device" in errors.splitlines()[-1]
    run = RunFolder.read(tmp_path / "run")
    assert run.status == "failed"
    assert last(tmp_path / "run")["global_step"] == 0


FILLING: list[pytest.MonkeyPatch] = []


def fill() -> Any:
    """Return a callback that lets the disk take nothing new from the fifth step on."""
    from pytorch_lightning import Callback

    class Fill(Callback):
        def on_train_batch_start(self, trainer: Any, *_: object) -> None:
            if trainer.global_step == 5:
                FILLING[0].setattr(RecordWriter, "write", full)
                FILLING[0].setattr(os, "fsync", full)  # of whatever is written beside its target

    return Fill()
