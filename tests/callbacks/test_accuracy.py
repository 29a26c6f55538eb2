"""Test accuracy and clusters are measured on the test split, with averaged weights too."""

import math
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_lab.callbacks import TestAccuracy, TestClusters
from gan_lab.contracts import Sample, Verdict
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.media import Image
from gan_lab.metrics import cluster_accuracy, clustering_figures
from gan_lab.models import ClassScores, MLPBackbone, MLPGenerator, Scores
from gan_lab.tasks import Generation
from gan_lab.terms import Supervision

SHAPE = (1, 2, 2)
MLP = partial(MLPBackbone, hidden=(8,))


class Brightness(ClassScores):
    """Class 1 where the first pixel is bright, moved by a threshold."""

    def __init__(self) -> None:
        super().__init__(MLP, SHAPE, 2)
        self.threshold = torch.nn.Parameter(torch.zeros(()))

    def forward(self, sample: Sample) -> Verdict:
        value: Tensor = sample["x"][:, 0, 0, 0] - self.threshold
        logits = torch.stack([-value, value], dim=1)
        return Verdict({"x": value}, {"label": logits})


def game(judge: Any = None) -> GAN:
    terms = [Supervision()] if judge is None else []
    task = Generation(MLPGenerator(3, SHAPE, (8,)))
    return GAN(task, judge or Brightness(), NonSaturating(), terms)


def watched(step: int) -> Any:
    images = torch.zeros(10, *SHAPE, dtype=torch.uint8)
    images[:, 0, 0, 0] = torch.tensor([0, 10, 20, 30, 120, 140, 200, 220, 240, 255])
    labels = torch.tensor([0, 0, 1, 0, 1, 1, 1, 1, 1, 0])
    data = SimpleNamespace(test=(images, labels), medium=Image(SHAPE))
    metrics: dict[str, Tensor] = {}
    return SimpleNamespace(
        datamodule=data, global_step=step, max_steps=7, loggers=[], callback_metrics=metrics
    )


def test_errors_are_counted_on_the_test_split_when_they_are_due() -> None:
    module, callback, trainer = game(), TestAccuracy(every_n_steps=4, batch_size=3), watched(4)
    callback.on_train_start(trainer, module)
    callback.on_train_batch_end(trainer, module, {}, None, 0)
    found = trainer.callback_metrics  # 0, 10, 30 | 140 to 240 right; 20, 120 and 255 wrong
    assert found["test_accuracy"].item() == pytest.approx(0.7)
    assert found["test_errors"].item() == pytest.approx(0.3)
    for step, due in ((5, False), (7, True)):  # the last always
        trainer = watched(step)
        callback.on_train_batch_end(trainer, module, {}, None, 0)
        assert bool(trainer.callback_metrics) is due
    assert module.discriminator.training


def test_averaged_weights_are_measured_too_and_saved() -> None:
    module, callback = game(), TestAccuracy(every_n_steps=1, decay=0.75)
    callback.on_train_start(watched(0), module)
    with torch.no_grad():
        module.discriminator.threshold.fill_(0.6)  # 200 and less are dark now
    trainer = watched(1)
    callback.on_train_batch_end(trainer, module, {}, None, 0)
    found = trainer.callback_metrics
    assert found["test_accuracy"].item() == pytest.approx(0.5)
    state = callback.state_dict()["averaged"]
    assert state["module.threshold"].item() == pytest.approx(0.15)
    assert found["test_accuracy_averaged"].item() == pytest.approx(0.6)
    resumed = TestAccuracy(every_n_steps=1, decay=0.75)
    resumed.load_state_dict(callback.state_dict())
    resumed.on_train_start(trainer, game())
    assert resumed.state_dict()["averaged"]["module.threshold"].item() == pytest.approx(0.15)


def test_a_game_without_a_classifier_is_refused() -> None:
    with pytest.raises(LabError, match="no classifier whose accuracy"):
        TestAccuracy().on_train_start(watched(0), game(Scores(MLP, SHAPE)))
    with pytest.raises(ValueError, match="decay must lie in"):
        TestAccuracy(decay=1.0)
    with pytest.raises(ValueError, match="every_n_steps must be at least 1"):
        TestClusters(every_n_steps=0)


def test_clusters_are_named_as_fits_the_classes_best() -> None:
    random = torch.Generator().manual_seed(0)
    classes = torch.randint(5, (400,), generator=random)
    renamed = torch.tensor([3, 0, 4, 1, 2])[classes]
    assert clustering_figures(renamed, classes) == pytest.approx(
        {"accuracy": 1.0, "nmi": 1.0, "ari": 1.0}, abs=1e-6
    )
    wrong = renamed.clone()
    wrong[:100] = torch.randint(5, (100,), generator=random)
    right = int((wrong == renamed).sum())
    assert cluster_accuracy(wrong, classes).item() == pytest.approx(right / 400)
    blind = clustering_figures(torch.zeros_like(classes), classes)
    assert blind["accuracy"] == pytest.approx(int(classes.bincount().max()) / 400)
    assert blind["ari"] == pytest.approx(0, abs=1e-6)


def test_agreement_is_that_over_pairs_and_in_bits() -> None:
    random = torch.Generator().manual_seed(1)
    classes = torch.randint(3, (40,), generator=random)
    clusters = torch.where(
        torch.rand(40, generator=random) < 0.6, classes, torch.randint(4, (40,), generator=random)
    )
    found = clustering_figures(clusters, classes)
    pairs = [(i, j) for i in range(40) for j in range(i)]
    ours, theirs = ([bool(x[i] == x[j]) for i, j in pairs] for x in (clusters, classes))
    both = sum(a and b for a, b in zip(ours, theirs, strict=True))
    chance = sum(ours) * sum(theirs) / len(pairs)
    assert found["ari"] == pytest.approx((both - chance) / ((sum(ours) + sum(theirs)) / 2 - chance))

    def entropy(*labels: Tensor) -> float:
        rows = list(zip(*(x.tolist() for x in labels), strict=True))
        return -sum(rows.count(r) / 40 * math.log(rows.count(r) / 40) for r in set(rows))

    total = entropy(clusters) + entropy(classes)
    shared = total - entropy(clusters, classes)
    assert found["nmi"] == pytest.approx(2 * shared / total)
