"""Figures of each class: by hand, by the ordinary FID, and on real digits."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from gan_lab.data import MNISTDataModule
from gan_lab.metrics import (
    Activations,
    ClassAccuracy,
    ClassifierFeatures,
    CodeAccuracy,
    FrechetDistance,
    IntraClassFrechetDistance,
    Reference,
    left_out,
)
from gan_lab.metrics.features import activations


def labelled(count: int, classes: int, seed: int, shift: float = 0.0) -> Activations:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    features = torch.randn(count, 5, generator=generator) * (1 + labels[:, None]) + shift
    return Activations(features, torch.randn(count, classes, generator=generator), labels)


def test_accuracy_is_counted_by_class() -> None:
    real = labelled(30, 3, seed=0)
    metric = ClassAccuracy(Reference(real, real, "test"))
    labels = torch.tensor([0, 0, 1, 1, 1, 1, 2])
    verdicts = torch.tensor([0, 1, 1, 1, 1, 2, 2])
    for part in (slice(0, 3), slice(3, 7)):
        logits = torch.nn.functional.one_hot(verdicts[part], 3).float()
        metric.update(Activations(torch.zeros(len(logits), 5), logits, labels[part]))
    figures = {name: value.item() for name, value in metric.compute().items()}
    expected = {"class_accuracy_0": 1 / 2, "class_accuracy_1": 3 / 4, "class_accuracy_2": 1.0}
    assert figures == pytest.approx(expected | {"class_accuracy": 0.75})
    assert metric.ideals.keys() == figures.keys()


def test_codes_are_matched_to_classes_before_they_are_counted() -> None:
    """Eight codes numbered otherwise than their classes: by number not one would be right."""
    real = labelled(40, 8, seed=0)
    codes = torch.arange(80) % 8
    verdicts = (codes + 3) % 8
    verdicts[:4] = 0  # of which three are wrong
    metric = CodeAccuracy(Reference(replace(real, labels=None), real, "test"))
    for part in (slice(0, 30), slice(30, 80)):
        logits = torch.nn.functional.one_hot(verdicts[part], 8).float()
        metric.update(Activations(torch.zeros(len(logits), 5), logits, codes[part]))
    wrong = int((verdicts != (codes + 3) % 8).sum())
    assert metric.compute()["code_accuracy"] == pytest.approx(1 - wrong / 80)
    both = CodeAccuracy(Reference(real, real, "test"))
    both.update(Activations(torch.zeros(6, 5), torch.eye(8)[[1, 1, 1, 2, 2, 1]], codes[:6] // 3))
    assert both.compute()["code_accuracy"] == pytest.approx(5 / 6)  # code 0 is 1, code 1 is 2
    with pytest.raises(ValueError, match="needs to know the samples' codes"):
        both.update(replace(real, labels=None))


def test_accuracy_by_number_is_not_given_where_codes_are_the_generators_own() -> None:
    network = ClassifierFeatures("mnist")
    metrics = {
        "class_accuracy": ClassAccuracy,
        "intra_class_fid": partial(IntraClassFrechetDistance),
        "code_accuracy": CodeAccuracy,
    }
    by_number = ["class_accuracy", "intra_class_fid"]
    drawn = left_out(metrics, network, 10, labels_are_drawn=True)
    assert drawn == {"the classes are codes of the generator's own": by_number}
    assert left_out(metrics, network, 10) == {"the classes are the data's": ["code_accuracy"]}
    none = left_out(metrics, network, 0)
    assert none == {"the samples are not made for classes": [*by_number, "code_accuracy"]}
    other = left_out(metrics, network, 7, labels_are_drawn=True)
    assert ["code_accuracy"] in other.values()


def test_the_distance_within_a_class_is_the_fid_of_its_samples() -> None:
    real, made = labelled(300, 3, seed=1), labelled(210, 3, seed=2, shift=0.5)
    metric = IntraClassFrechetDistance(Reference(real, real, "test"))
    for part in (slice(0, 100), slice(100, 210)):
        metric.update(made[part])
    figures = metric.compute()
    distances = []
    for c in range(3):
        alone = real[real.labels == c]
        fid = FrechetDistance(Reference(alone, alone, "test"))
        fid.update(made[made.labels == c])
        distances.append(fid.compute()["fid"])
        torch.testing.assert_close(figures[f"intra_class_fid_{c}"], distances[-1])
    torch.testing.assert_close(figures["intra_class_fid"], torch.stack(distances).mean())


@pytest.mark.parametrize("kind", [ClassAccuracy, IntraClassFrechetDistance])
def test_samples_without_classes_are_refused(kind: type) -> None:
    real = labelled(30, 3, seed=0)
    with pytest.raises(ValueError, match="needs to know the samples' classes"):
        kind(Reference(replace(real, labels=None), real, "test"))
    with pytest.raises(ValueError, match="needs to know the samples' classes"):
        kind(Reference(real, real, "test")).update(replace(real, labels=None))


def test_a_classifier_of_other_classes_is_refused() -> None:
    real = replace(labelled(30, 3, seed=0), labels=torch.arange(30) % 4)
    with pytest.raises(ValueError, match="classifier of the data's 4 classes"):
        ClassAccuracy(Reference(real, real, "test"))


def test_real_digits_are_recognised(mnist_root: Path) -> None:
    mnist = MNISTDataModule(mnist_root)
    mnist.setup()
    network = ClassifierFeatures("mnist")
    real, made = (
        replace(activations(network, split.images[:2000]), labels=split.labels[:2000])
        for split in (mnist.test, mnist.train)
    )
    accuracy = ClassAccuracy(Reference(real, made, network.name))
    accuracy.update(made)
    assert accuracy.compute()["class_accuracy"] > 0.98
