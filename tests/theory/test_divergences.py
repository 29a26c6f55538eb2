"""Divergences by quadrature against closed forms of other parameters than the printed ones.

Tolerance of quadrature: 1e-6.
"""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import laplace, norm

from gan_lab.theory import divergences as d
from gan_lab.theory.densities import Discrete, Gaussian, Laplace, Uniform
from gan_lab.theory.pair import common

GAUSSIANS = [
    (0.0, 1.0, 2.0, 1.0),
    (0.3, 0.7, -1.1, 1.6),
    (-2.0, 0.25, 0.5, 3.0),
    (1.0, 2.0, 1.2, 1.9),
]


@pytest.mark.parametrize(("a", "s", "b", "t"), GAUSSIANS)
def test_gaussian_closed_forms(a, s, b, t):
    pair = common(Gaussian(a, s), Gaussian(b, t))
    kl = math.log(t / s) + (s**2 + (a - b) ** 2) / (2 * t**2) - 0.5
    reverse = math.log(s / t) + (t**2 + (a - b) ** 2) / (2 * s**2) - 0.5
    affinity = math.sqrt(2 * s * t / (s**2 + t**2)) * math.exp(
        -((a - b) ** 2) / (4 * (s**2 + t**2))
    )
    assert d.kullback_leibler(pair) == pytest.approx(kl, abs=1e-6)
    assert d.reverse_kullback_leibler(pair) == pytest.approx(reverse, abs=1e-6)
    assert d.squared_hellinger(pair) == pytest.approx(2 - 2 * affinity, abs=1e-6)
    if 2 * t**2 > s**2:
        width = 2 * t**2 - s**2
        chi = t**2 / (s * math.sqrt(width)) * math.exp((a - b) ** 2 / width) - 1
        assert d.pearson(pair) == pytest.approx(chi, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("a", "s", "b", "t"), GAUSSIANS)
def test_jensen_shannon_total_variation_and_triangle_against_adaptive_quadrature(a, s, b, t):
    pair = common(Gaussian(a, s), Laplace(b, t))
    p, q = norm(a, s).pdf, laplace(b, t).pdf
    ends = (a, b, a - s, a + s, b - t, b + t)

    def integral(function):
        # SciPy's own adaptive rule, an implementation apart from ours.
        return quad(function, -60, 60, points=ends, limit=2000, epsabs=1e-11)[0]

    def js(x):
        u, v = p(x), q(x)
        terms = [w * math.log(2 * w / (u + v)) for w in (u, v) if w > 0]
        return sum(terms) / 2

    def triangle(x):
        return (p(x) - q(x)) ** 2 / (p(x) + q(x)) if p(x) + q(x) > 0 else 0.0

    assert d.jensen_shannon(pair) == pytest.approx(integral(js), abs=1e-6)
    assert d.triangular_discrimination(pair) == pytest.approx(integral(triangle), abs=1e-6)
    assert d.total_variation(pair) == pytest.approx(
        integral(lambda x: abs(p(x) - q(x))) / 2, abs=1e-6
    )


@pytest.mark.parametrize("shift", [0.4, 1.5, 2.7])
def test_total_variation_of_shifted_gaussians(shift):
    expected = 2 * norm.cdf(shift / 2) - 1
    pair = common(Gaussian(0, 1), Gaussian(shift, 1))
    assert d.total_variation(pair) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("s", "t"), [(1.0, 3.0), (0.4, 0.5), (2.0, 0.7)])
def test_wasserstein_of_scaled_gaussians_and_of_shifts(s, t):
    expected = abs(s - t) * math.sqrt(2 / math.pi)
    assert d.wasserstein(Gaussian(0.2, s), Gaussian(0.2, t)) == pytest.approx(expected, abs=1e-6)
    assert d.wasserstein(Laplace(0, s), Laplace(t, s)) == pytest.approx(t, abs=1e-6)


def test_wasserstein_of_atoms_is_the_area_between_the_distribution_functions():
    p, q = Discrete([0.5, 0.5], [0, 3]), Discrete([0.2, 0.8], [1, 3])
    assert d.wasserstein(p, q) == pytest.approx(0.5 * 1 + 0.3 * 2)


@pytest.mark.parametrize(
    ("p", "q", "infinite"),
    [
        (Uniform(0, 1), Uniform(3, 4), {"kl", "reverse", "pearson"}),
        (Uniform(0, 2), Uniform(1, 2), {"kl", "pearson"}),
        (Discrete([0.5, 0.5, 0]), Discrete([0, 0.5, 0.5]), {"kl", "reverse", "pearson"}),
        (Discrete([0.5, 0.5, 0]), Discrete([0.2, 0.5, 0.3]), {"reverse"}),
        (Gaussian(0, 1.5), Gaussian(0, 1), {"pearson"}),
        (Laplace(0, 1), Gaussian(0, 1), {"pearson"}),
        (Laplace(0, 1), Laplace(0, 0.5), {"pearson"}),
        (Laplace(0, 1), Laplace(0, 0.51), set()),
        (Gaussian(0, 1.4), Gaussian(0, 1), set()),
    ],
)
def test_exactly_the_infinite_divergences_are_infinite(p, q, infinite):
    pair = common(p, q)
    found = {
        "kl": d.kullback_leibler(pair),
        "reverse": d.reverse_kullback_leibler(pair),
        "pearson": d.pearson(pair),
    }
    assert {name for name, value in found.items() if math.isinf(value)} == infinite
    for bounded in (d.jensen_shannon, d.total_variation, d.triangular_discrimination):
        assert math.isfinite(bounded(pair))


@settings(max_examples=25, deadline=None)
@given(st.floats(-2, 2), st.floats(0.3, 3), st.floats(-2, 2), st.floats(0.3, 3))
def test_inequalities_hold_everywhere(a, s, b, t):
    pair = common(Gaussian(a, s), Laplace(b, t))
    js, tv, triangle = (
        f(pair) for f in (d.jensen_shannon, d.total_variation, d.triangular_discrimination)
    )
    slack = 1e-9
    assert -slack <= js <= math.log(2) * tv + slack
    assert 2 * tv**2 - slack <= triangle <= 2 * tv + slack
    assert triangle / 4 - slack <= js  # Topsøe 2000
    assert d.kullback_leibler(pair) >= 2 * tv**2 - slack  # Pinsker
    # Two samples tell more than one: the order of a pair is at least half a hint.
    assert d.relativistic_jensen_shannon(pair) <= math.log(2) + slack


def test_unknown_divergences_have_no_closed_form():
    assert d.closed_form("something of my own") is None
