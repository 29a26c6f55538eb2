"""Densities against SciPy, and what is refused."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gan_lab.theory.densities import Discrete, Gaussian, Laplace, Mixture, Uniform
from gan_lab.theory.pair import common

POINTS = torch.linspace(-4, 5, 37, dtype=torch.float64)
CASES = [
    (Gaussian(0.3, 1.7), stats.norm(0.3, 1.7)),
    (Laplace(-0.4, 0.6), stats.laplace(-0.4, 0.6)),
    (Uniform(-1.2, 2.5), stats.uniform(-1.2, 3.7)),
]


@pytest.mark.parametrize(("density", "reference"), CASES)
def test_log_density_and_distribution_function_agree_with_scipy(density, reference):
    assert density.log_prob(POINTS).numpy() == pytest.approx(reference.logpdf(POINTS), abs=1e-12)
    assert density.cdf(POINTS).numpy() == pytest.approx(reference.cdf(POINTS), abs=1e-12)


@pytest.mark.parametrize(("density", "reference"), CASES)
def test_samples_follow_the_distribution_function(density, reference):
    draws = density.sample(4000, torch.Generator().manual_seed(0))
    assert stats.kstest(draws.numpy(), reference.cdf).pvalue > 1e-3


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-3, 3),
    st.floats(0.05, 4),
    st.floats(-3, 3),
    st.floats(0.05, 4),
    st.floats(0.01, 0.99),
)
def test_common_nodes_carry_all_mass(a, scale_a, b, scale_b, weight):
    p = Mixture([Gaussian(a, scale_a), Laplace(b, scale_b)], [weight, 1 - weight])
    pair = common(p, Gaussian(b, scale_a))
    assert float(pair.p.sum()) == pytest.approx(1, abs=1e-9)
    assert float(pair.q.sum()) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Gaussian(0, -1), "scale must be positive, got -1"),
        (lambda: Gaussian(math.inf, 1), "must be finite"),
        (lambda: Laplace(0, 0), "scale must be positive, got 0"),
        (lambda: Uniform(2, 1), "high must be above low"),
        (lambda: Mixture([]), "at least one component"),
        (lambda: Mixture([Gaussian()], [0.7]), "must sum to 1, got a sum of 0.7"),
        (lambda: Discrete([0.5, 0.6]), "must sum to 1, got a sum of 1.1"),
        (lambda: Discrete([1.5, -0.5]), "must not be negative"),
        (lambda: Discrete([0.5, 0.5], [1, 1]), "must all be different"),
        (lambda: Discrete([]), "got 0"),
        (lambda: Discrete([math.nan, 1.0]), "must not be negative"),
        (lambda: common(Discrete([1.0]), Gaussian()), "both be discrete or both be continuous"),
    ],
)
def test_what_is_no_distribution_is_refused_in_one_line(build, words):
    with pytest.raises(ValueError, match=words) as caught:
        build()
    assert "\n" not in str(caught.value)
