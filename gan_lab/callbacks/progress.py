"""One progress bar over the whole run, and one over each measurement."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ProgressBar
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from gan_lab.callbacks.curves import logs_at

T = TypeVar("T")
SHOWN = {
    "loss/discriminator": "D",
    "loss/generator": "G",
    "images_per_second": "img/s",
    "epsilon": "ε",
}


class StepProgress(ProgressBar):
    """Shows steps, losses and images per second, refreshed by time and not by step.

    Lightning's bars start anew each epoch; a GAN's unit is the generator step.
    Where standard error is no terminal but a file or a notebook, a plain line
    is printed every few seconds. The bar is drawn between two steps: a thread
    that draws it would keep the training waiting for Python's lock.

    Args:
        refresh_per_second: How often the bar is redrawn at most, positive.
        seconds_per_line: Seconds between plain lines, positive.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(self, refresh_per_second: float = 2.0, seconds_per_line: float = 10.0) -> None:
        super().__init__()
        for name, value in [
            ("refresh_per_second", refresh_per_second),
            ("seconds_per_line", seconds_per_line),
        ]:
            if not value > 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        self.refresh_per_second = refresh_per_second
        self.seconds_per_line = seconds_per_line
        self._enabled = True
        self._started = 0.0
        self._first_step = self._done = 0
        self._told = 0.0
        self._losses = ""
        self._progress: Progress | None = None
        self._moved: list[tuple[logging.StreamHandler[Any], Any]] = []
        self._task = TaskID(0)
        self._measurement: TaskID | None = None

    def disable(self) -> None:
        """Show nothing, as Lightning asks of all processes but the first."""
        self._enabled = False

    def enable(self) -> None:
        """Show something again."""
        self._enabled = True

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw the bar, from the resumed step on."""
        self._started = self._told = time.monotonic()
        self._first_step = self._done = trainer.global_step
        if not self._enabled or not sys.stderr.isatty():
            return
        self._progress = Progress(
            Steps(),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("<"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(file=sys.stderr),
            auto_refresh=False,
        )
        streams = sys.stdout, sys.stderr
        self._progress.start()
        self._moved = moved(dict(zip(streams, (sys.stdout, sys.stderr), strict=True)))
        self._task = self._progress.add_task(
            "", total=trainer.max_steps, completed=trainer.global_step
        )

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Count the step; read the curves on steps that log."""
        if not self._enabled:
            return
        self._measured()
        self._done = trainer.global_step
        if logs_at(trainer, self._done):
            metrics = trainer.callback_metrics
            shown = [f"{SHOWN[k]} {float(metrics[k]):.4g}" for k in SHOWN if k in metrics]
            self._losses = "  ".join(shown)
        if not self._is_due():
            return
        if self._progress is not None:
            self._draw(self._progress)
        else:
            rate = (self._told - self._started) / (self._done - self._first_step)
            left = duration((trainer.max_steps - self._done) * rate)
            line = f"step {self._done}/{trainer.max_steps}  {left} left"
            print(f"{line}  {self._losses}".rstrip(), file=sys.stderr, flush=True)

    def measure(self, batches: Iterable[T], count: int, ends: bool) -> Iterator[T]:
        """Yield batches of samples while telling how many of them there are so far.

        Args:
            batches: Of samples, as they are drawn.
            count: How many samples they hold together; how far one is, is told by their lengths.
            ends: Whether this ends the run, which is then said in a file or a notebook too.
        """
        what = f"measuring {count:,} samples"
        self._measured()
        if self._progress is not None:
            self._measurement = self._progress.add_task(what, total=count, unit="sample")
            self._draw(self._progress)
        elif self._enabled and ends:
            print(what, file=sys.stderr, flush=True)
        done = 0
        for batch in batches:
            yield batch
            done += len(batch[0] if isinstance(batch, tuple) else batch)  # type: ignore[arg-type]
            if not self._enabled or not self._is_due():
                continue
            if self._progress is not None and self._measurement is not None:
                self._progress.update(self._measurement, completed=min(done, count), refresh=True)
            else:
                print(f"{what}: {done:,} drawn", file=sys.stderr, flush=True)
        if self._progress is not None and self._measurement is not None:
            task, now = self._measurement, f"{what}: comparing"
            self._progress.update(task, completed=count, description=now, refresh=True)

    def _measured(self) -> None:
        if self._progress is not None and self._measurement is not None:
            self._progress.remove_task(self._measurement)
        self._measurement = None

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave the bar as it stands."""
        self._stop()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Give the terminal back."""
        self._stop()

    def _draw(self, progress: Progress) -> None:
        progress.update(self._task, completed=self._done, description=self._losses, refresh=True)

    def _is_due(self) -> bool:
        now = time.monotonic()
        drawn = self._progress is not None
        due = now - self._told >= (1 / self.refresh_per_second if drawn else self.seconds_per_line)
        if due:
            self._told = now
        return due

    def _stop(self) -> None:
        self._measured()
        if self._progress is not None:
            self._draw(self._progress)
            self._progress.stop()
            for handler, stream in self._moved:
                handler.setStream(stream)
            self._progress = None


class Steps(ProgressColumn):
    """How far a task is, in steps or in samples."""

    def render(self, task: Task) -> Text:
        """Return it as text."""
        unit = task.fields.get("unit", "step")
        return Text(f"{unit} {task.completed:.0f}/{task.total:.0f}")


def moved(streams: Mapping[Any, Any]) -> list[tuple[logging.StreamHandler[Any], Any]]:
    """Let messages go to other streams, as those that print above a bar; return where they went."""
    found = []
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream in streams:
            found.append((handler, handler.setStream(streams[handler.stream])))
    return found


def measuring(trainer: Trainer, batches: Iterable[T], count: int) -> Iterator[T]:
    """Yield batches of samples that are measured, and let the run's progress bar show them."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, StepProgress):
            ends = trainer.global_step >= trainer.max_steps
            batches = callback.measure(batches, count, ends)
    return iter(batches)


def duration(seconds: float) -> str:
    """Return a duration in the units that a person would use.

    >>> duration(42.3), duration(330), duration(7300)
    ('42 s', '5 min', '2 h 1 min')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
