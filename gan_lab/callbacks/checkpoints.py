"""Checkpoints of a run."""

import os
import shutil
from pathlib import Path
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback, Checkpoint

from gan_lab.run.checkpoint import CONFIG_KEY


class Checkpoints(Checkpoint):
    """Keeps last.ckpt fresh, the one before as previous.ckpt, and, where asked, every n-th step.

    There is a last.ckpt from before the first step on, and it always holds
    whole steps. The curves reach the disk before it does, so that a run which
    goes on from it misses no point.

    Lightning's ModelCheckpoint is not used: under manual optimization it wants
    the weights from before the optimizer's step and warns at every save.

    Args:
        folder: Where checkpoints go.
        every_n_steps: Steps between writes of last.ckpt, positive.
        keep_every_n_steps: Steps between copies that stay, step=000500.ckpt;
            null keeps none.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self,
        folder: str | Path,
        every_n_steps: int = 500,
        keep_every_n_steps: int | None = None,
    ) -> None:
        for name, value in [
            ("every_n_steps", every_n_steps),
            ("keep_every_n_steps", keep_every_n_steps),
        ]:
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.folder = Path(folder)
        self.every_n_steps = every_n_steps
        self.keep_every_n_steps = keep_every_n_steps
        self._saved_step = -1

    def save(self, trainer: Trainer, name: str) -> None:
        """Write the run's whole state to ``folder/name``, its curves first."""
        for logger in trainer.loggers:
            logger.save()
        trainer.save_checkpoint(self.folder / name)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the initial weights, unless the run goes on from a checkpoint."""
        if trainer.ckpt_path is None:
            self._save_last(trainer)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Write what is due at this step."""
        step = trainer.global_step
        if step % self.every_n_steps == 0:
            self._save_last(trainer)
        if self.keep_every_n_steps and step % self.keep_every_n_steps == 0:
            self.save(trainer, f"step={step:06d}.ckpt")

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write last.ckpt at whatever step the run ends."""
        if self._saved_step != trainer.global_step:
            self._save_last(trainer)

    def _save_last(self, trainer: Trainer) -> None:
        if trainer.is_global_zero:
            keep_previous(self.folder / "last.ckpt")
        self.save(trainer, "last.ckpt")
        self._saved_step = trainer.global_step


def keep_previous(last: Path) -> None:
    """Give ``last`` a second name, previous.ckpt, which stays when last.ckpt is replaced."""
    if last.exists():
        temporary = last.with_name(".previous.ckpt.tmp")
        temporary.unlink(missing_ok=True)
        try:
            os.link(last, temporary)
        except OSError:  # a file system without hard links
            shutil.copy2(last, temporary)
        temporary.replace(last.with_name("previous.ckpt"))


class ConfigInCheckpoint(Callback):
    """Puts what rebuilds the networks into every checkpoint.

    Args:
        record: Plain values: the lab's version, the run's overrides and its
            composed configuration.
    """

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the record."""
        checkpoint[CONFIG_KEY] = self.record
