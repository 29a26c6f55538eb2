"""Callbacks that stop a run at a step of the test's choice."""

import os
import signal
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer


class SignalAt(Callback):
    """Sends a signal to the first process in the middle of a step."""

    def __init__(self, step: int, name: str = "SIGTERM") -> None:
        self.step = step
        self.name = name

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step + 1 == self.step and trainer.is_global_zero:
            os.kill(os.getpid(), getattr(signal, self.name))
