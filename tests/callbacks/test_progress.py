"""The bar on a terminal, and plain lines where there is none."""

import io
import logging
import re
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from gan_lab.callbacks import StepProgress
from gan_lab.callbacks.progress import measuring


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def trainer(step: int, *callbacks: StepProgress) -> Any:
    values = {"loss/discriminator": torch.tensor(0.5), "loss/generator": torch.tensor(0.25)}
    return SimpleNamespace(
        max_steps=10,
        global_step=step,
        log_every_n_steps=1,
        callback_metrics=values,
        callbacks=list(callbacks),
    )


def played(progress: StepProgress, first: int = 0) -> None:
    """Two steps, and the measurement that ends a run."""
    progress.on_train_start(trainer(first), None)  # type: ignore[arg-type]
    for step in (9, 10):
        progress.on_train_batch_end(trainer(step), None, None, None, 0)  # type: ignore[arg-type]
    batches = [(torch.zeros(6, 2), None), (torch.zeros(4, 2), None)]
    assert list(measuring(trainer(10, progress), batches, 10)) == batches
    progress.on_train_end(trainer(10), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("first", [0, 8])
def test_a_file_gets_plain_lines(capsys: pytest.CaptureFixture[str], first: int) -> None:
    played(StepProgress(seconds_per_line=1e-9), first)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "step 9/10  0 s left  D 0.5  G 0.25",
        "step 10/10  0 s left  D 0.5  G 0.25",
        "measuring 10 samples",
        "measuring 10 samples: 6 drawn",
        "measuring 10 samples: 10 drawn",
    ]


def test_a_file_is_not_filled_with_lines(capsys: pytest.CaptureFixture[str]) -> None:
    played(StepProgress())
    assert capsys.readouterr().err.splitlines() == ["measuring 10 samples"]


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    progress = StepProgress(refresh_per_second=1e9)
    threads = threading.active_count()
    progress.on_train_start(trainer(0), None)  # type: ignore[arg-type]
    assert threading.active_count() == threads  # none that would hold up the training
    progress.on_train_batch_end(trainer(9), None, None, None, 0)  # type: ignore[arg-type]
    for _ in measuring(trainer(9, progress), [torch.zeros(6, 2)], 10):
        assert progress._progress is not None
        progress._progress.refresh()
        assert "measuring 10 samples" in terminal.getvalue()
        assert "step 9/10" in terminal.getvalue()
    terminal.truncate(0)
    progress.on_train_batch_end(trainer(10), None, None, None, 0)  # type: ignore[arg-type]
    progress._progress.refresh()
    assert "measuring" not in terminal.getvalue().rpartition("step 10/10")[2]
    progress.on_train_end(trainer(10), None)  # type: ignore[arg-type]
    assert "step 10/10" in terminal.getvalue()


def test_a_bar_is_not_drawn_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    progress = StepProgress(refresh_per_second=1e-9)
    progress.on_train_start(trainer(0), None)  # type: ignore[arg-type]
    before = terminal.tell()
    progress.on_train_batch_end(trainer(9), None, None, None, 0)  # type: ignore[arg-type]
    assert terminal.tell() == before
    progress.on_train_batch_end(trainer(10), None, None, None, 0)  # type: ignore[arg-type]
    assert terminal.tell() == before
    progress.on_train_end(trainer(10), None)  # type: ignore[arg-type]
    assert "step 10/10" in terminal.getvalue()


def test_other_processes_show_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = StepProgress(seconds_per_line=1e-9)
    progress.disable()
    played(progress)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["refresh_per_second", "seconds_per_line"])
def test_rates_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be above 0"):
        StepProgress(**{name: 0.0})


def test_messages_are_written_above_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    handler = logging.StreamHandler(terminal)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    progress = StepProgress(refresh_per_second=1e9)
    progress.on_train_start(trainer(0), None)  # type: ignore[arg-type]
    logging.getLogger("gan_lab").warning("look here")
    progress.on_train_end(trainer(0), None)  # type: ignore[arg-type]
    written = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "look here" in re.split("[\r\n]+", written)  # on a line of its own
    assert handler.stream is terminal
