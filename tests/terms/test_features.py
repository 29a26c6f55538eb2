"""Feature matching, likeness in features and the codes' prior against closed forms."""

import math

import pytest
import torch
from torch import Tensor, nn

from gan_lab.contracts import Discriminator, Round, Sample, Turn, Verdict
from gan_lab.errors import LabError
from gan_lab.terms import (
    FeatureMatching,
    GaussianPrior,
    LearnedSimilarity,
    Sorting,
    Supervision,
    Term,
)


class Doubling(Discriminator):
    """Features 2 x, and the first of them for classes."""

    gives = ("features", "label")

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0, dtype=torch.float64))

    def forward(self, sample: Sample) -> Verdict:
        features = self.factor * sample["x"]
        return Verdict({"x": features.sum(1)}, {"features": features, "label": features[:, :3]})


def numbers(seed: int, *shape: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=random, dtype=torch.float64)


def turn(real: Sample, fake: Sample, made: Sample) -> Turn:
    judge = Doubling()
    verdicts = (judge({"x": x["x"]}) for x in (real, fake))
    return Turn("generator", Round(real, fake, made), *verdicts, None, judge)  # type: ignore[arg-type]


REAL, FAKE, AGAIN = ({"x": numbers(seed, 5, 4)} for seed in range(3))


def test_feature_matching_compares_means_over_the_batches() -> None:
    value = FeatureMatching()(turn(REAL, FAKE, {}))
    means = [[2 * sum(c) / 5 for c in zip(*x["x"].tolist(), strict=True)] for x in (REAL, FAKE)]
    expected = sum((a - b) ** 2 for a, b in zip(*means, strict=True)) / 4
    assert value.item() == pytest.approx(expected, rel=1e-5)
    order = {"x": REAL["x"][[3, 1, 0, 4, 2]]}
    assert FeatureMatching()(turn(REAL, order, {})).item() == pytest.approx(0, abs=1e-9)
    assert FeatureMatching.needs_real and FeatureMatching.players == ("generator",)


def test_learned_similarity_compares_sample_by_sample() -> None:
    value = LearnedSimilarity()(turn(REAL, FAKE, {"again": AGAIN["x"]}))
    expected = (2 * (REAL["x"] - AGAIN["x"])).square().sum(1).mean() / 2
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (1.5, 0.4), (-0.7, 2.0)])
def test_the_codes_prior_is_the_divergence_between_gaussians(mean: float, deviation: float) -> None:
    moments = torch.full((6, 3), mean), torch.full((6, 3), 2 * math.log(deviation))
    made = {"mean": moments[0], "log_variance": moments[1]}
    value = GaussianPrior()(turn(REAL, FAKE, made))
    draws = torch.distributions.Normal(mean, deviation)
    standard = torch.distributions.Normal(0.0, 1.0)
    expected = 3 * torch.distributions.kl_divergence(draws, standard)
    assert value.item() == pytest.approx(expected.item(), abs=1e-6)


@pytest.mark.parametrize(
    ("term", "made"),
    [
        (FeatureMatching(), {}),
        (LearnedSimilarity(), {"again": AGAIN["x"]}),
        (GaussianPrior(), {"mean": numbers(3, 5, 2), "log_variance": numbers(4, 5, 2)}),
    ],
    ids=lambda item: type(item).__name__,
)
def test_gradients_agree_with_finite_differences(term: Term, made: Sample) -> None:
    names = list(made) or ["x"]
    start = [made.get(name, FAKE["x"]).float().double().requires_grad_() for name in names]

    def value(*tensors: Tensor) -> Tensor:
        given = dict(zip(names, tensors, strict=True))
        fake = {"x": given["x"]} if "x" in given else FAKE
        return term(turn(REAL, fake, given)).double()

    slopes = torch.autograd.grad(value(*start), start)
    for tensor, slope in zip(start, slopes, strict=True):
        step = torch.zeros_like(tensor)
        step[1, 1] = 1e-2
        moved = [
            value(*[t + s * step if t is tensor else t for t in start]).item() for s in (1, -1)
        ]
        assert slope[1, 1].item() == pytest.approx((moved[0] - moved[1]) / 2e-2, rel=5e-3, abs=1e-4)


def test_supervision_reads_labelled_samples_and_no_others() -> None:
    labels = torch.tensor([2, 0, 1])
    given = {"x": REAL["x"], "labelled_x": numbers(5, 3, 4), "labelled_label": labels}
    value = Supervision()(turn(given, FAKE, {}))
    rows = (2 * given["labelled_x"][:, :3]).tolist()
    expected = [
        math.log(sum(map(math.exp, row))) - row[y] for row, y in zip(rows, labels, strict=True)
    ]
    assert value.item() == pytest.approx(sum(expected) / 3, rel=1e-6)
    assert Supervision.players == ("discriminator",)
    with pytest.raises(LabError, match=r"has no labelled_x.*data.labels=100"):
        Supervision()(turn(REAL, FAKE, {}))


def test_sorting_reads_what_was_made() -> None:
    logits, cluster = numbers(6, 5, 3), torch.tensor([0, 2, 1, 1, 0])
    value = Sorting()(turn(REAL, {**FAKE, "cluster": cluster}, {"class": logits}))
    expected = -logits.log_softmax(1)[torch.arange(5), cluster].mean()
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)


def test_terms_say_what_is_missing() -> None:
    with pytest.raises(LabError, match="made no again"):
        LearnedSimilarity()(turn(REAL, FAKE, {}))
    with pytest.raises(LabError, match="drew no codes"):
        GaussianPrior()(turn(REAL, FAKE, {}))
