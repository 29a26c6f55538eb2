"""One progress bar over the whole run."""

import sys
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ProgressBar
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from gan_lab.callbacks.curves import logs_at

SHOWN = {
    "loss/discriminator": "D",
    "loss/generator": "G",
    "images_per_second": "img/s",
}


class StepProgress(ProgressBar):
    """Shows steps, losses and images per second, refreshed by time and not by step.

    Lightning's bars start anew each epoch; a GAN's unit is the generator step.
    Where standard error is no terminal, nothing is drawn.

    Args:
        refresh_per_second: How often the bar is redrawn.
    """

    def __init__(self, refresh_per_second: float = 4.0) -> None:
        super().__init__()
        self.refresh_per_second = refresh_per_second
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def disable(self) -> None:
        """Draw nothing, as Lightning asks of all processes but the first."""
        self.refresh_per_second = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw the bar, from the resumed step on."""
        if not self.refresh_per_second:
            return
        self._progress = Progress(
            TextColumn("step {task.completed:.0f}/{task.total:.0f}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("<"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(file=sys.stderr),
            refresh_per_second=self.refresh_per_second,
        )
        self._progress.start()
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
        if self._progress is None:
            return
        if logs_at(trainer, trainer.global_step):
            metrics = trainer.callback_metrics
            shown = [f"{SHOWN[k]} {float(metrics[k]):.4g}" for k in SHOWN if k in metrics]
            self._progress.update(self._task, description="  ".join(shown))
        self._progress.update(self._task, completed=trainer.global_step)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave the bar as it stands."""
        self._stop()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Give the terminal back."""
        self._stop()

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
