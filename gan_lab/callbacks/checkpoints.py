"""Checkpoints of a run."""

import logging
import os
import shutil
from pathlib import Path
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback, Checkpoint

from gan_lab.errors import LabError
from gan_lab.run.checkpoint import CONFIG_KEY

log = logging.getLogger(__name__)


class Checkpoints(Checkpoint):
    """Keeps last.ckpt fresh, the one before as previous.ckpt, and, where asked, every n-th step.

    There is a last.ckpt from before the first step on, and it always holds
    whole steps. The curves reach the disk before it does, so that a run which
    goes on from it misses no point. The last step is kept before anybody
    measures or draws what became of it, and so is every whole step after
    which something fails in a run of one process.

    A run in which no metric has chosen the best weights ends with its last
    ones as best.ckpt.

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
        self._tried_step: int | None = None

    def save(self, trainer: Trainer, name: str) -> None:
        """Write the run's whole state to ``folder/name``, its curves first."""
        for logger in trainer.loggers:
            logger.save()
        trainer.save_checkpoint(self.folder / name)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the initial weights, unless the run goes on from a checkpoint."""
        self._tried_step = trainer.global_step
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
        if step % self.every_n_steps == 0 or step >= trainer.max_steps or trainer.should_stop:
            self._save_last(trainer)
        if self.keep_every_n_steps and step % self.keep_every_n_steps == 0:
            self.save(trainer, f"step={step:06d}.ckpt")

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write last.ckpt at whatever step the run ends, and best.ckpt if nothing is better."""
        if self._tried_step != trainer.global_step:
            self._save_last(trainer)
        if trainer.is_global_zero and measured_best(trainer) is None:
            give_second_name(self.folder / "last.ckpt", "best.ckpt")

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Keep the whole steps that were done, where a watcher failed and not the step."""
        if self._tried_step in (None, trainer.global_step) or not between_steps(trainer):
            return
        if trainer.world_size > 1:
            return  # the others may have stopped elsewhere, and saving waits for them
        try:
            self._save_last(trainer)
        except (LabError, OSError) as error:  # the exception itself is told all the same
            log.warning("last.ckpt was not written: %s", error)

    def _save_last(self, trainer: Trainer) -> None:
        self._tried_step = trainer.global_step
        if trainer.is_global_zero:
            give_second_name(self.folder / "last.ckpt", "previous.ckpt")
        self.save(trainer, "last.ckpt")


def between_steps(trainer: Trainer) -> bool:
    """Tell whether the weights are those after a whole step."""
    batches: Any = trainer.fit_loop.epoch_loop.batch_progress.current
    return bool(batches.processed == batches.ready)


def measured_best(trainer: Trainer) -> int | None:
    """Return the step whose weights a metric has found the best, if one has judged so far."""
    steps = [getattr(callback, "best_step", None) for callback in trainer.callbacks]  # type: ignore[attr-defined]
    return next((step for step in steps if step is not None), None)


def give_second_name(path: Path, name: str) -> None:
    """Give a file a second name beside it, which stays when the first one is replaced.

    Raises:
        LabError: If the disk does not take it.
    """
    if not path.exists():
        return
    temporary = path.with_name(f".{name}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        try:
            os.link(path, temporary)
        except OSError:  # a file system without hard links
            shutil.copy2(path, temporary)
        temporary.replace(path.with_name(name))
    except OSError as error:
        temporary.unlink(missing_ok=True)
        reason = error.strerror or error
        raise LabError(f"cannot write {path.with_name(name)}: {reason}") from error


class ConfigInCheckpoint(Callback):
    """Puts what rebuilds the networks into every checkpoint, and a number that grows with each.

    Args:
        record: Plain values: the lab's version, the run's choices and its resolved
            configuration; and ``sequence``, the number of the last checkpoint.
    """

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the record, with the next number."""
        self.record = {**self.record, "sequence": self.record["sequence"] + 1}
        checkpoint[CONFIG_KEY] = self.record

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Count on from the checkpoint that a run goes on from."""
        self.record = {**self.record, "sequence": checkpoint[CONFIG_KEY]["sequence"]}
