"""A callback that writes down what each process of a parallel run saw."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer


class RankProbe(Callback):
    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.real = torch.empty(0)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self.real = batch[0]["x"]

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        content = {
            "weights": pl_module.state_dict(),
            "noise": pl_module.task.prior(4)["z"],
            "real": self.real,
        }
        torch.save(content, self.folder / f"rank{trainer.global_rank}.pt")
