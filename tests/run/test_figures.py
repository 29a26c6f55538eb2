"""What a person writes short is found by its full name, everywhere alike."""

import pytest

from gan_lab.errors import LabError
from gan_lab.run.figures import resolve

KNOWN = (
    "class_accuracy/mnist_classifier_10000",
    "class_accuracy_3/mnist_classifier_10000",
    "divergence/Jensen-Shannon_nats_lower_bound",
    "fid/mnist_classifier_2000",
    "fid/mnist_classifier_10000",
    "fid/mnist_classifier_10000_ema",
    "loss/discriminator",
    "loss/generator",
)


@pytest.mark.parametrize("name", KNOWN)
def test_a_full_name_means_itself(name: str) -> None:
    assert resolve(name, KNOWN) == name


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("fid", "fid/mnist_classifier_10000"),
        ("fid/mnist_classifier", "fid/mnist_classifier_10000"),
        ("fid_ema", "fid/mnist_classifier_10000_ema"),
        ("class_accuracy", "class_accuracy/mnist_classifier_10000"),
        ("class_accuracy_3", "class_accuracy_3/mnist_classifier_10000"),
        ("divergence", "divergence/Jensen-Shannon_nats_lower_bound"),
    ],
)
def test_a_short_name_means_the_largest_count(name: str, full: str) -> None:
    assert resolve(name, KNOWN) == full
    assert resolve(name, KNOWN[::-1]) == full


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("loss", "loss/discriminator, loss/generator"),
        ("fid", "fid/inception_10000, fid/mnist_classifier_10000"),
    ],
)
def test_an_ambiguous_name_lists_its_candidates(name: str, candidates: str) -> None:
    with pytest.raises(LabError) as refusal:
        resolve(name, [*KNOWN, "fid/inception_10000"])
    assert str(refusal.value) == f"{name} is ambiguous; choose one of {candidates}"


@pytest.mark.parametrize("name", ["", "fi", "fod", "fid/", "fid/mnist", "mnist_classifier", "los"])
def test_what_begins_alike_is_not_meant(name: str) -> None:
    with pytest.raises(LabError, match=r"there is no figure .*choose one of class_accuracy/"):
        resolve(name, KNOWN)


def test_a_slip_is_told_from_nothing_at_all() -> None:
    with pytest.raises(LabError, match=r"no figure fod \(did you mean fid\?\)"):
        resolve("fod", KNOWN)
    with pytest.raises(LabError, match="no figure fid; nothing was measured"):
        resolve("fid", [])
