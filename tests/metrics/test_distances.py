"""FID, KID and the Inception Score: laws, closed forms and independent implementations."""

import logging
import math

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_mmd

from gan_lab.errors import LabError
from gan_lab.metrics import (
    Activations,
    FrechetDistance,
    InceptionScore,
    KernelDistance,
    Reference,
    frechet_distance,
    inception_score,
    kernel_distance,
)


def normal(n: int, d: int, seed: int = 0, scale: float = 1.0, shift: float = 0.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return shift + scale * torch.randn(n, d, generator=generator, dtype=torch.float64)


def reference(features: Tensor, logits: Tensor | None = None) -> Reference:
    activations = Activations(features, logits)
    return Reference(activations, activations, "test")


def fid(real: Tensor, generated: Tensor) -> float:
    metric = FrechetDistance(reference(real))
    for batch in generated.split(97):
        metric.update(Activations(batch))
    return metric.compute()["fid"].item()


@pytest.mark.parametrize("d", [1, 3, 17])
@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.5, 2.0), (3.0, -1.0)])
def test_frechet_distance_of_isotropic_gaussians(d: int, scale: float, shift: float) -> None:
    eye, zero = torch.eye(d, dtype=torch.float64), torch.zeros(d, dtype=torch.float64)
    value = frechet_distance(zero, eye, zero + shift, scale**2 * eye)
    assert value.item() == pytest.approx(d * (shift**2 + (scale - 1) ** 2), abs=1e-12)


@given(st.integers(0, 10_000), st.integers(2, 8))
@settings(deadline=None, max_examples=25)
def test_frechet_distance_matches_the_matrix_square_root(seed: int, d: int) -> None:
    a, b = normal(3 * d, d, seed), normal(3 * d, d, seed + 1, scale=2.0, shift=0.3)
    product = a.T.cov() @ b.T.cov()
    root = scipy.linalg.sqrtm(product.numpy()).real
    expected = (a.mean(0) - b.mean(0)).square().sum() + a.T.cov().trace() + b.T.cov().trace()
    expected = expected.item() - 2 * np.trace(root)
    both = [(x.mean(0), x.T.cov()) for x in (a, b)]
    forward = frechet_distance(*both[0], *both[1]).item()
    backward = frechet_distance(*both[1], *both[0]).item()
    assert forward == pytest.approx(expected, rel=1e-6, abs=1e-8)
    assert forward == pytest.approx(backward, rel=1e-9, abs=1e-9)


def test_fid_agrees_with_torchmetrics_and_torch_fidelity() -> None:
    real, generated = normal(400, 12, 1), normal(300, 12, 2, scale=1.5, shift=0.2)
    identity = torch.nn.Identity()
    identity.num_features = 12
    theirs = FrechetInceptionDistance(identity)
    theirs.update(real, real=True)
    theirs.update(generated, real=False)
    assert fid(real, generated) == pytest.approx(theirs.compute().item(), rel=1e-5)
    statistics = fid_features_to_statistics(real), fid_features_to_statistics(generated)
    expected = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert fid(real, generated) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("d", "n"), [(8, 1000), (16, 2000)])
def test_fid_is_biased_by_its_sample_count(d: int, n: int) -> None:
    values = [fid(normal(n, d, 2 * i), normal(n, d, 2 * i + 1)) for i in range(40)]
    expected = 2 * d / n + d * (d + 1) / (2 * n)
    assert np.mean(values) == pytest.approx(expected, rel=0.1)


def test_fid_remembers_no_sample() -> None:
    metric = FrechetDistance(reference(normal(100, 16)))
    batch = Activations(normal(1000, 16))
    metric.update(batch)
    sizes = [sum(v.numel() for v in metric.metric_state.values())]
    for _ in range(20):
        metric.update(batch)
    sizes.append(sum(v.numel() for v in metric.metric_state.values()))
    assert sizes[0] == sizes[1] == 1 + 16 + 16 * 16


def test_fid_of_identical_samples_is_finite_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    real = normal(500, 8)
    with caplog.at_level(logging.WARNING):
        value = fid(real, torch.full((500, 8), 2.0, dtype=torch.float64))
    expected = (real.mean(0) - 2).square().sum() + real.T.cov().trace()
    assert value == pytest.approx(expected.item(), rel=1e-6)
    assert "singular (rank 0 of 8)" in caplog.text


def test_fid_of_few_samples_tells_its_bias(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        value = fid(normal(100, 16), normal(10, 16, 1))
    assert math.isfinite(value)
    assert "2d/N + d(d+1)/(2N) = 16.8" in caplog.text
    with pytest.raises(LabError, match="at least 2 generated samples, got 1"):
        fid(normal(100, 16), normal(1, 16))


def test_kid_agrees_with_torchmetrics() -> None:
    real, generated = normal(200, 7, 1), normal(200, 7, 2, scale=1.3)
    metric = KernelDistance(reference(real))
    for batch in generated.split(33):
        metric.update(Activations(batch))
    assert metric.compute()["kid"].item() == pytest.approx(poly_mmd(real, generated).item())


def test_kid_is_the_sum_over_pairs() -> None:
    x, y = normal(4, 3, 1), normal(5, 3, 2)

    def k(a: Tensor, b: Tensor) -> float:
        return (float(a @ b) / 3 + 1) ** 3

    within_x = sum(k(x[i], x[j]) for i in range(4) for j in range(4) if i != j) / 12
    within_y = sum(k(y[i], y[j]) for i in range(5) for j in range(5) if i != j) / 20
    between = sum(k(a, b) for a in x for b in y) / 20
    expected = within_x + within_y - 2 * between
    assert kernel_distance(x, y).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [5, 50])
def test_kid_is_unbiased(n: int) -> None:
    values = [kernel_distance(normal(n, 4, 2 * i), normal(n, 4, 2 * i + 1)) for i in range(400)]
    values = torch.stack(values)
    assert abs(values.mean()) < 3 * values.std() / 20
    assert values.min() < 0


@given(st.integers(0, 10_000), st.integers(2, 12), st.floats(0.1, 50))
@settings(deadline=None, max_examples=40)
def test_inception_score_lies_between_one_and_the_classes(
    seed: int, classes: int, scale: float
) -> None:
    score = inception_score(normal(60, classes, seed, scale=scale), splits=3)
    assert 1 - 1e-9 <= score <= classes + 1e-9


@pytest.mark.parametrize("classes", [2, 10])
def test_inception_score_of_k_certain_classes_is_k(classes: int) -> None:
    logits = 1000 * torch.eye(classes).repeat(30, 1)
    assert inception_score(logits, splits=10).item() == pytest.approx(classes)
    assert inception_score(torch.zeros(40, classes)).item() == pytest.approx(1)


def test_inception_score_agrees_with_torch_fidelity() -> None:
    logits = normal(1003, 10, scale=3.0)
    metric = InceptionScore(reference(logits, logits), splits=7)
    for batch in logits.split(100):
        metric.update(Activations(batch, batch))
    theirs = isc_features_to_metric(logits, splits=7, shuffle=False)["inception_score_mean"]
    # Of other splits, as many, one of which has a sample more.
    assert metric.compute()["inception_score"].item() == pytest.approx(theirs, rel=3e-2)
    even = isc_features_to_metric(logits[:1000], splits=10, shuffle=False)
    ours = inception_score(logits[:1000], splits=10).item()
    assert ours == pytest.approx(even["inception_score_mean"], rel=1e-9)


def test_a_classifier_metric_refuses_features_without_one() -> None:
    with pytest.raises(ValueError, match="needs a classifier"):
        InceptionScore(reference(normal(10, 2)))
