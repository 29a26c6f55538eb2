"""Anomalies: scores, areas, and what is refused."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_lab.callbacks import AnomalyDetection
from gan_lab.data import InMemoryDataModule, Samples
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.metrics.anomaly import anomaly_scores, descended
from gan_lab.models import Encoder, MLPBackbone, Scores
from gan_lab.tasks import Generation
from tests.conftest import CommandLine
from tests.game.playing import trainer

SHAPE = (1, 4, 4)


class Halves(InMemoryDataModule):
    """Images that are bright above (0) or below (1)."""

    def load(self, train: bool) -> Samples:
        labels = torch.arange(60) % 2
        images = torch.zeros(60, *SHAPE, dtype=torch.uint8)
        images[labels == 0, :, :2] = 255
        images[labels == 1, :, 2:] = 255
        return Samples(images, labels)


class Above(nn.Module):
    """Draws what is bright above, whatever the latent."""

    latent_dim, sample_shape, num_classes, sees_labels = 3, SHAPE, 0, False

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, z: Tensor) -> Tensor:
        image = torch.full((len(z), *SHAPE), -1.0)
        image[:, :, :2] = 1.0
        return image + 0 * self.bias + 0 * z.sum()


def game() -> GAN:
    torch.manual_seed(0)
    network = partial(MLPBackbone, hidden=(8,))
    task = Generation(Above())  # type: ignore[arg-type]
    return GAN(task, Scores(network, SHAPE), NonSaturating())


def watcher(folder: Path, **options: Any) -> AnomalyDetection:
    encoder = Encoder(partial(MLPBackbone, hidden=(8,)), SHAPE, 3)
    return AnomalyDetection(encoder, folder, **({"steps": 2, "projection_steps": 2} | options))


def test_what_was_left_out_is_told_by_what_cannot_be_drawn(tmp_path: Path) -> None:
    module, watching = game(), watcher(tmp_path, projected=20)
    runner = trainer(1, watching)
    runner.fit(module, datamodule=Halves(SHAPE, batch_size=8, leave_out=[1]))
    found = {k: float(v) for k, v in runner.callback_metrics.items() if k.startswith("anomaly")}
    assert found["anomaly/f_anogan"] == found["anomaly/residual"] == found["anomaly/anogan"] == 1
    assert 0 <= found["anomaly/logits"] <= 1
    assert (tmp_path / "anomalies.png").exists()
    assert all(p.requires_grad for p in module.parameters())


def test_scores_are_means_of_squares() -> None:
    random = torch.Generator().manual_seed(0)
    a, b, f, g = (torch.randn(3, *shape, generator=random) for shape in (SHAPE, SHAPE, (5,), (5,)))
    scores = anomaly_scores(a, b, f, g)
    for row in range(3):
        residual = float(((a[row] - b[row]) ** 2).mean())
        seen = float(((f[row] - g[row]) ** 2).mean())
        assert float(scores.joined(0.5)[row]) == pytest.approx(residual + 0.5 * seen)
        assert float(descended(scores, 0.1)[row]) == pytest.approx(0.9 * residual + 0.1 * seen)


def test_what_cannot_be_told_is_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="nothing is left out of training"):
        trainer(1, watcher(tmp_path)).fit(game(), datamodule=Halves(SHAPE, batch_size=8))
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        watcher(tmp_path, steps=0)


@pytest.mark.slow
def test_a_digit_left_out_is_told_from_the_others(train: CommandLine) -> None:
    run = train("experiment=fanogan", "callbacks.progress=null", "trainer.max_steps=300",
                "callbacks.anomaly.steps=500")  # fmt: skip
    final = json.loads((run / "summary.json").read_text())["final"]
    assert final["anomaly/f_anogan"] > 0.7
