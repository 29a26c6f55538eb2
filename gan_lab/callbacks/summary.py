"""What a run came to, in one file."""

import json
import logging
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

import gan_lab
from gan_lab.callbacks.checkpoints import measured_best
from gan_lab.callbacks.evaluation import MetricEvaluation
from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.game.batches import size_of
from gan_lab.run.loggers import TensorBoard

KEY = "final"
"""Where a checkpoint keeps the last value of each curve."""

log = logging.getLogger(__name__)


class RunSummary(Callback):
    """Writes summary.json when a run starts, and again when it ends, however it ends.

    Args:
        path: Of the file.
        seed: The run's seed.
        hyperparameters: Flat scalars, for the loggers; TensorBoard shows them beside the figures.
    """

    def __init__(self, path: Path, seed: int, hyperparameters: dict[str, Any]) -> None:
        self.path = path
        self.seed = seed
        self.hyperparameters = hyperparameters
        self.summary: dict[str, Any] = {}
        self._started = 0.0
        self._first_step = 0
        self._images = 0
        self._restored: dict[str, float] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say that the run has begun."""
        self._started = time.perf_counter()
        self._first_step = trainer.global_step
        self._write(trainer, "running")
        for logger in trainer.loggers:
            logger.log_hyperparams(self.hyperparameters)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Count real images seen."""
        self._images += size_of(batch) * trainer.world_size

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say how far the run came, and show its hyperparameters beside its final values."""
        finished = trainer.global_step >= trainer.max_steps
        self._write(trainer, "finished" if finished else "interrupted", **best(trainer, ended=True))
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoard):
                logger.log_outcome(self.hyperparameters, outcome(self.summary))

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Say what stopped the run."""
        if not self._started:
            return  # what the folder says of an earlier attempt still holds
        interrupted = isinstance(exception, KeyboardInterrupt)
        try:
            self._write(trainer, "interrupted" if interrupted else "failed", error=str(exception))
        except LabError as error:  # the disk is full, and that the exception tells
            self._write_over(error)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the last values, as a run that goes on may end before it logs anew."""
        checkpoint[KEY] = self._last_values(trainer)

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Take the last values up."""
        self._restored = checkpoint[KEY]

    def _last_values(self, trainer: Trainer) -> dict[str, float]:
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        return dict(sorted((self._restored | values).items()))

    def _write(self, trainer: Trainer, status: str, **more: Any) -> None:
        if not trainer.is_global_zero:
            return
        seconds = time.perf_counter() - self._started
        self.summary = {
            "status": status,
            "steps": trainer.global_step,
            "max_steps": trainer.max_steps,
            "final": self._last_values(trainer),
            **best(trainer),
            "images_per_second": self._images / seconds if self._images else None,
            "wall_time_s": seconds,
            "resumed_from_step": self._first_step or None,
            "seed": self.seed,
            "device": device_name(trainer),
            "processes": trainer.world_size,
            "precision": trainer.precision,
            "versions": {
                "gan_lab": gan_lab.__version__,
                "python": platform.python_version(),
                "torch": torch.__version__,
                "pytorch_lightning": version("pytorch-lightning"),
            },
            **more,
        }
        with written_whole(self.path) as file:
            file.write(self._content())

    def _content(self) -> bytes:
        return (json.dumps(self.summary, indent=2) + "\n").encode()

    def _write_over(self, error: LabError) -> None:
        """Put the summary where the earlier one is, which a full disk has room for."""
        try:
            with self.path.open("r+b") as file:
                file.write(self._content())
                file.truncate()
        except OSError:
            log.warning("%s", error)


def outcome(summary: dict[str, Any]) -> list[str]:
    """Return the curves that tell what a run came to: its figures, FID first, or its losses."""
    names = summary.get("best") or [n for n in summary.get("final", {}) if n.startswith("loss/")]
    return sorted(names, key=lambda name: not name.startswith("fid/"))


def best(trainer: Trainer, ended: bool = False) -> dict[str, Any]:
    """Return the step and the figures of the best weights.

    Where no metric has judged on the way, they are the last ones, once the run has ended.
    """
    step = measured_best(trainer)
    if step is None and ended:
        step = trainer.global_step
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, MetricEvaluation):
            return {"best_step": step, "best": callback.best_figures}
    return {"best_step": step, "best": {}}


def device_name(trainer: Trainer) -> str:
    """Return the accelerator's own name, or the processor's and its threads."""
    device = trainer.strategy.root_device
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        return f"{processor_name()}, {torch.get_num_threads()} threads"
    return str(device)


def processor_name() -> str:
    """Return the processor's marketing name where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
