"""Callbacks that do to a run what the world does, at a step of the test's choice."""

import os
import resource
import signal
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer


class SignalAt(Callback):
    """Sends signals to the first process in the middle of a step."""

    def __init__(self, step: int, name: str = "SIGTERM", times: int = 1) -> None:
        self.step = step
        self.name = name
        self.times = times

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step + 1 == self.step and trainer.is_global_zero:
            for _ in range(self.times):
                os.kill(os.getpid(), getattr(signal, self.name))


class FullDiskAt(Callback):
    """Lets no file grow beyond a size from a step on."""

    def __init__(self, step: int, size: int) -> None:
        self.step = step
        self.size = size

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step + 1 == self.step:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, hard))


class StepNote(Callback):
    """Leaves the number of whole steps in a file, where no later crash can take it back."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        with self.path.open("a") as file:
            file.write(f"{trainer.global_step}\n")
