"""Data modules under Lightning's trainer: what a step is given, where a resumed run begins."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor, nn

from gan_lab.contracts import Sample
from gan_lab.data import ImageFolderDataModule, RingDataModule, StreamingDataModule
from gan_lab.data.base import DataModule
from gan_lab.data.streaming import prepare
from tests.data.test_mapping import folder  # noqa: F401
from tests.data.test_streaming import SHAPE, Noise


class Watcher(LightningModule):
    """Learns next to nothing and remembers what it was given."""

    def __init__(self, n_critic: int) -> None:
        super().__init__()
        self.n_critic = n_critic
        self.weight = nn.Parameter(torch.zeros(()))
        self.seen: list[Tensor] = []

    def training_step(self, batch: list[Sample], _: int) -> Tensor:
        assert [len(minibatch["x"]) for minibatch in batch] == [3] * self.n_critic
        self.seen.append(torch.cat([minibatch["x"].flatten(1).sum(1) for minibatch in batch]))
        return self.weight * batch[0]["x"].mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 0.1)


def fit(data: DataModule, steps: int, path: Path, resumed: Path | None = None) -> list[Tensor]:
    quiet: dict[str, Any] = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = Trainer(max_steps=steps, accelerator="cpu", default_root_dir=path, **quiet)
    module = Watcher(2)
    trainer.fit(module, data, ckpt_path=resumed)
    trainer.save_checkpoint(path / f"{steps}.ckpt")
    return module.seen


def make(kind: str, pictures: Path, root: Path) -> DataModule:
    if kind == "points":
        return RingDataModule(train_size=36, test_size=1, batch_size=3)
    if kind == "streamed":
        if not root.exists():
            prepare(Noise(SHAPE), root, chunk_bytes="16KB")
        return StreamingDataModule(root, SHAPE, batch_size=3)
    share = 0.0 if kind == "file" else 1.0
    return ImageFolderDataModule(pictures, (3, 6, 9), batch_size=3, memory_share=share)


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
@pytest.mark.filterwarnings("ignore:.*Checkpoint directory.*")
@pytest.mark.parametrize("kind", ["points", "memory", "file", "streamed"])
@pytest.mark.parametrize("stop", [2, 9])
def test_a_run_resumed_in_an_epoch_sees_what_the_whole_run_saw(
    kind: str,
    stop: int,
    folder: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    root = tmp_path / "litdata"
    whole = fit(make(kind, folder, root), 14, tmp_path)
    beginning = fit(make(kind, folder, root), stop, tmp_path)
    rest = fit(make(kind, folder, root), 14, tmp_path, tmp_path / f"{stop}.ckpt")
    assert len(whole) == 14
    assert torch.equal(torch.stack(whole), torch.stack(beginning + rest))
