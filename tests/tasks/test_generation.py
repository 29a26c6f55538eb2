"""From noise to samples: what becomes of a minibatch, and what can be asked for."""

from functools import partial
from typing import Any

import pytest
import torch

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.media import Image, Points
from gan_lab.models import LabelPlanes, MLPBackbone, MLPGenerator, NormLabels, OneHotLabels, Scores
from gan_lab.priors import Coded, Normal, Uniform
from gan_lab.tasks import Generation

BATCH = {"x": torch.randn(6, 2), "label": torch.tensor([2, 0, 1, 1, 2, 0])}


def points(labels: Any = None, **options: Any) -> Generation:
    torch.manual_seed(0)
    return Generation(MLPGenerator(4, (2,), (8,), labels=labels), **options)


def test_a_round_has_a_generated_sample_for_each_real_one() -> None:
    task = points()
    round = task({"x": BATCH["x"]})
    assert torch.equal(round.real["x"], BATCH["x"])
    assert round.fake["x"].shape == (6, 2)
    assert torch.equal(round.fake["x"], task.generator(round.fake["z"]))
    assert round.fake["x"].requires_grad
    assert not round.detach().fake["x"].requires_grad


def test_samples_are_made_of_the_datas_labels_or_of_the_priors_own() -> None:
    task = points(OneHotLabels(3))
    round = task(BATCH)
    assert torch.equal(round.fake["label"], BATCH["label"])
    assert torch.equal(round.fake["x"], task.generator(round.fake["z"], BATCH["label"]))
    assert not task.labels_are_drawn
    coded = points(OneHotLabels(3), prior=Coded(4, codes=2, num_classes=3))
    assert coded.labels_are_drawn
    round = coded({**BATCH, "label": torch.full((6,), 9)})  # the data's are not looked at
    assert round.fake["label"].max() < 3
    assert torch.equal(round.fake["code"], round.fake["z"][:, :2])
    assert "code" not in round.real


def test_samples_that_were_made_without_a_label_have_none() -> None:
    assert "label" not in points()(BATCH).fake
    assert "label" in points()(BATCH).real


def test_what_a_minibatch_holds_beside_comes_along() -> None:
    weight = torch.rand(6)
    round = points()(BATCH | {"weight": weight})
    assert torch.equal(round.fake["weight"], weight)


def test_classes_are_taken_in_turn_unless_they_are_given() -> None:
    task = points(OneHotLabels(3))
    made = task.sample(7)
    assert made["label"].tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert made["x"].shape == (7, 2)
    given = {"z": torch.randn(2, 4), "label": torch.tensor([2, 2])}
    again = task.sample(2, given)
    assert torch.equal(again["x"], task.generator(given["z"], given["label"]))
    assert torch.equal(again["label"], given["label"])


def test_latents_are_a_function_of_a_generators_state_alone() -> None:
    task = points(OneHotLabels(3), prior=Coded(4, codes=2, num_classes=3))
    first, second = (task.latents(5, torch.Generator().manual_seed(1)) for _ in range(2))
    assert list(first) == ["z"]
    assert torch.equal(first["z"], second["z"])


def test_labels_that_are_wanted_and_missing_are_refused() -> None:
    with pytest.raises(LabError, match="this generator is conditional and the data has no"):
        points(OneHotLabels(3))({"x": BATCH["x"]})


def test_the_medium_follows_the_shape_unless_it_is_given() -> None:
    assert isinstance(points().medium, Points)
    images = Generation(MLPGenerator(4, (3, 2, 5), (8,)))
    assert isinstance(images.medium, Image)
    assert images.medium.shape == (3, 2, 5)
    medium: Medium = Points((2,))
    assert points(medium=medium).medium is medium


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"prior": Normal(5)}, "the prior draws 5 latents and the generator takes 4"),
        ({"prior": Normal(3)}, "the prior draws 3 latents and the generator takes 4"),
        ({"labels": NormLabels(3)}, "labels for batch norm need batch norm, which this MLPGen"),
        (
            {"labels": OneHotLabels(2), "prior": Coded(4, num_classes=3)},
            "the prior draws codes of 3 values and the generator knows 2 classes",
        ),
        ({"prior": Coded(4, num_classes=3)}, "draws codes of 3 values and the generator knows 0"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(options: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        points(**options)
    assert "\n" not in str(refusal.value)


def test_any_prior_and_labels_make_a_game_of_points() -> None:
    network = partial(MLPBackbone, hidden=(8,))
    GAN(points(prior=Uniform(4)), Scores(network, (2,)), NonSaturating())
    labels = Scores(network, (2,), inputs=[LabelPlanes(3)])
    module = GAN(points(OneHotLabels(3)), labels, NonSaturating())
    sample = module.sample(4, {"label": torch.tensor([1, 1, 1, 1])})
    assert sample["label"].tolist() == [1, 1, 1, 1]
