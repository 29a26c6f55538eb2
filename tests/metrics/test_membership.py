"""Membership: curves against other implementations, bounds against their closed forms."""

import math

import pytest
import torch
from sklearn.metrics import roc_auc_score, roc_curve

from gan_lab.errors import LabError
from gan_lab.metrics.membership import (
    attack,
    curve,
    most_accuracy,
    most_separation,
    most_true_positives,
    separation,
    true_positives,
)


def scores(shift: float, count: int = 400, ties: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    members = torch.randn(count, generator=random, dtype=torch.float64) + shift
    others = torch.randn(count // 2, generator=random, dtype=torch.float64)
    return (members.round(), others.round()) if ties else (members, others)


@pytest.mark.parametrize("ties", [False, True])
def test_the_curve_and_its_area_are_scikit_learns(ties: bool) -> None:
    members, others = scores(0.7, ties=ties)
    truth = [1] * len(members) + [0] * len(others)
    every = torch.cat([members, others])
    assert separation(members, others) == pytest.approx(roc_auc_score(truth, every), abs=1e-12)
    found = curve(members, others)
    false, true, _ = roc_curve(truth, every, drop_intermediate=False)
    torch.testing.assert_close(
        found, torch.tensor([false.tolist(), true.tolist()]).double(), atol=1e-7, rtol=0
    )
    assert float(torch.trapezoid(found[1], found[0])) == pytest.approx(separation(members, others))


def test_true_positives_name_no_more_others_than_is_allowed() -> None:
    members, others = torch.tensor([3.0, 2.0, 0.5, -1.0]), torch.tensor([1.0, 0.0, -2.0, -3.0])
    assert true_positives(members, others, 0.0) == 0.5
    assert true_positives(members, others, 0.25) == 0.75
    assert true_positives(members, torch.full((4,), 9.0), 0.25) == 0


def test_intervals_hold_what_is_measured_and_shrink_with_records() -> None:
    few, many = (attack("a", *scores(0.5, count), resamples=200) for count in (100, 4000))
    for found in (few, many):
        assert found.auc_interval[0] < found.auc < found.auc_interval[1]
    width = [a.auc_interval[1] - a.auc_interval[0] for a in (few, many)]
    assert width[1] < width[0] / 3
    assert many.auc == pytest.approx(0.638, abs=0.02)  # P(N(.5, 1) > N(0, 1))
    same = torch.zeros(50)
    assert attack("none", same, same, 20).auc == 0.5
    with pytest.raises(LabError, match="needs finite scores of others"):
        attack("bad", same, torch.tensor([math.nan]))


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 3.0, 20.0, 800.0])
@pytest.mark.parametrize("delta", [0.0, 1e-5, 0.1])
def test_the_bounds_agree_with_each_other(epsilon: float, delta: float) -> None:
    rates = torch.linspace(0, 1, 200_001, dtype=torch.float64)
    most = most_true_positives(rates, epsilon, delta)
    assert (most >= rates - 1e-12).all() and (most <= 1).all()
    area = float(torch.trapezoid(most, rates))
    assert most_separation(epsilon, delta) == pytest.approx(area, abs=1e-5)
    best = float((1 + most - rates).max() / 2)
    assert most_accuracy(epsilon, delta) == pytest.approx(best, abs=1e-5)


def test_pure_privacy_bounds_accuracy_by_the_logistic_function() -> None:
    for epsilon in (0.1, 1.0, 4.0):
        law = math.exp(epsilon) / (1 + math.exp(epsilon))
        assert most_accuracy(epsilon) == pytest.approx(law)
    assert most_accuracy(math.inf) == most_separation(math.inf) == 1
    assert float(most_true_positives(0.001, math.log(2))) == pytest.approx(0.002)
