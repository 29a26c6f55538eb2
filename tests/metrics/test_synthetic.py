"""Train on synthetic, test on real."""

from typing import Any

import pytest
import torch
from torch import Tensor

from gan_lab.callbacks.counts import refuse_counts
from gan_lab.errors import LabError
from gan_lab.media import Image
from gan_lab.metrics import Activations, Evaluation, RawFeatures, Reference, SyntheticAccuracy
from gan_lab.metrics.features import activations

SHAPE = (1, 8, 8)


def stripes(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Bright rows or columns."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (count,), generator=random)
    images = torch.zeros(count, *SHAPE, dtype=torch.uint8)
    images[torch.arange(count), 0, torch.randint(8, (count,), generator=random)] = 255
    images[labels == 1] = images[labels == 1].mT
    return images, labels


def known(count: int, seed: int) -> Activations:
    images, labels = stripes(count, seed)
    found = activations(RawFeatures(Image(SHAPE)), images)
    return Activations(found.features, found.logits, labels, samples=images)


def evaluation(**options: Any) -> Evaluation:
    metrics = {"a": lambda reference: SyntheticAccuracy(reference, steps=60, **options)}
    return Evaluation(RawFeatures(Image(SHAPE)), metrics, known(200, 1), known(300, 2), 200)


def test_what_is_learnt_of_samples_is_told_on_real_ones() -> None:
    found = evaluation()
    images, labels = stripes(200, 3)
    with torch.inference_mode():
        floats = images.float() / 127.5 - 1
    state = torch.get_rng_state()
    good = found([(floats[:120], labels[:120]), (floats[120:], labels[120:])])
    assert good["synthetic_accuracy"] > 0.95
    assert found([(images, labels)]) == good  # bytes and floats alike, and again
    wrong = found([(floats, 1 - labels)])
    assert wrong["synthetic_accuracy"] < 0.05
    assert torch.equal(torch.get_rng_state(), state)
    assert found.floor["synthetic_accuracy"] > 0.95


def test_what_it_cannot_do_is_said_in_a_line() -> None:
    real = known(50, 0)
    with pytest.raises(ValueError, match="needs the real samples themselves"):
        SyntheticAccuracy(Reference(Activations(real.features, None, real.labels), real, "raw"))
    with pytest.raises(ValueError, match="needs to know the samples' classes"):
        SyntheticAccuracy(Reference(Activations(real.features), real, "raw"))
    with pytest.raises(ValueError, match="steps must be at least 1"):
        SyntheticAccuracy(Reference(real, real, "raw"), steps=0)


def test_few_training_samples_leave_no_floor_and_no_complaint() -> None:
    network, train = RawFeatures(Image(SHAPE)), known(30, 2)
    metrics = {"a": lambda reference: SyntheticAccuracy(reference, steps=5)}
    found = Evaluation(network, metrics, known(50, 1), train, 40, few=True)
    assert found.floor == {} and found.at(50).floor == {}
    assert found.better_than_real({"synthetic_accuracy": 1.0}) == []
    refuse_counts(found, 40, 50)
    with pytest.raises(LabError, match="must be below the 30 training samples"):
        refuse_counts(Evaluation(network, metrics, known(50, 1), train, 40), 40, 50)
