"""Statistics over seeds against closed forms and by-hand computations."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gan_lab.report.statistics import (
    describe,
    improvement_interval,
    interquartile_mean,
    mean_interval,
    probability_of_improvement,
)

VALUES = st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=12)


@given(VALUES)
def test_the_interquartile_mean_drops_a_quarter_at_either_end(values: list[float]) -> None:
    cut = len(values) // 4
    middle = sorted(values)[cut : len(values) - cut]
    assert interquartile_mean(values) == pytest.approx(sum(middle) / len(middle), abs=1e-9)


@given(VALUES, VALUES)
def test_probability_of_improvement_counts_pairs(first: list[float], second: list[float]) -> None:
    wins = sum(Fraction(1) if x > y else Fraction(x == y, 2) for x in first for y in second)
    share = wins / (len(first) * len(second))
    assert probability_of_improvement(first, second) == pytest.approx(float(share))
    there_and_back = probability_of_improvement(second, first)
    assert there_and_back == pytest.approx(1 - float(share))


@given(st.lists(st.integers(-100, 100).map(float), min_size=2, max_size=8))
@settings(max_examples=15, deadline=None)
def test_an_interval_is_students(values: list[float]) -> None:
    interval = mean_interval(values)
    assert interval is not None
    assert sum(interval) / 2 == pytest.approx(np.mean(values), abs=1e-9)
    if len(set(values)) > 1:
        expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
        assert interval == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("count", [3, 5, 10])
@pytest.mark.parametrize("skewed", [False, True])
def test_an_interval_covers_the_mean_as_often_as_it_says(count: int, skewed: bool) -> None:
    """4,000 experiments; the percentile bootstrap covers 77 to 91 % of them."""
    random = np.random.default_rng(count)
    drawn = random.gamma(4, 1, (4000, count)) if skewed else random.normal(4, 2, (4000, count))
    intervals = [mean_interval(values.tolist()) for values in drawn]
    covered = np.mean([i is not None and i.low <= 4 <= i.high for i in intervals])
    assert covered > 0.92 if skewed else abs(covered - 0.95) < 0.012


@pytest.mark.parametrize("count", [3, 5, 10])
@pytest.mark.parametrize(("gap", "deviation"), [(0.0, 1.0), (1.0, 1.0), (3.0, 1.0), (2.0, 3.0)])
def test_an_improvements_interval_covers_it_at_least_as_often_as_it_says(
    count: int, gap: float, deviation: float
) -> None:
    random = np.random.default_rng(count)
    probability = stats.norm.cdf(gap / math.hypot(1, deviation))
    covered = 0
    for first, second in zip(
        random.normal(gap, deviation, (1000, count)),
        random.normal(0, 1, (1000, count)),
        strict=True,
    ):
        interval = improvement_interval(first.tolist(), second.tolist())
        assert interval is not None
        covered += interval.low <= probability <= interval.high
    assert covered / 1000 > 0.935  # two standard errors below 95 %


def test_three_separated_seeds_do_not_settle_which_is_better() -> None:
    low, high = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
    assert improvement_interval(low, high) == pytest.approx((0.0, 0.6634), abs=1e-4)
    assert improvement_interval(high, low) == pytest.approx((0.3366, 1.0), abs=1e-4)
    five = improvement_interval([*high, 7.0, 8.0], [*low, 0.0, 0.5])
    assert five == pytest.approx((0.5624, 1.0), abs=1e-4)
    even = improvement_interval([1.0, 4.0], [2.0, 3.0])
    assert even is not None and sum(even) == pytest.approx(1)


def test_one_seed_has_no_spread() -> None:
    alone = describe([3.0])
    assert (alone.count, alone.mean, alone.interquartile_mean) == (1, 3.0, 3.0)
    assert alone.deviation is None and alone.interval is None
    assert improvement_interval([1.0], [2.0, 3.0]) is None
    assert describe([1.0, 2.0, 6.0]).deviation == pytest.approx(math.sqrt(7))
    with pytest.raises(ValueError, match="no value"):
        describe([])
