"""Statistics over seeds against closed forms and by-hand computations."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
def test_an_interval_holds_the_mean_and_stays_within_the_values(values: list[float]) -> None:
    interval = mean_interval(values)
    assert interval is not None
    assert min(values) <= interval.low <= np.mean(values) + 1e-9
    assert np.mean(values) - 1e-9 <= interval.high <= max(values)


def test_an_interval_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400).tolist()
    interval = mean_interval(values)
    assert interval is not None
    error = np.std(values) / math.sqrt(400)
    assert interval.low == pytest.approx(np.mean(values) - 1.96 * error, abs=0.1 * error)
    assert interval.high == pytest.approx(np.mean(values) + 1.96 * error, abs=0.1 * error)


def test_an_improvements_interval_against_resampling_by_hand() -> None:
    first, second = [1.0, 4.0, 6.0, 7.0, 9.0], [2.0, 3.0, 5.0, 5.0]
    random = np.random.default_rng(7)
    drawn = [
        probability_of_improvement(
            random.choice(first, 5).tolist(), random.choice(second, 4).tolist()
        )
        for _ in range(4000)
    ]
    interval = improvement_interval(first, second)
    assert interval == pytest.approx(np.percentile(drawn, [2.5, 97.5]).tolist(), abs=0.03)


def test_one_seed_has_no_spread() -> None:
    alone = describe([3.0])
    assert (alone.count, alone.mean, alone.interquartile_mean) == (1, 3.0, 3.0)
    assert alone.deviation is None and alone.interval is None
    assert improvement_interval([1.0], [2.0, 3.0]) is None
    assert describe([1.0, 2.0, 6.0]).deviation == pytest.approx(math.sqrt(7))
    with pytest.raises(ValueError, match="no value"):
        describe([])
