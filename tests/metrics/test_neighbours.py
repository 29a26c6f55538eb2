"""Metrics of nearest neighbours: laws, brute force and independent implementations."""

import math

import numpy as np
import prdc
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.metrics import (
    Activations,
    DensityCoverage,
    Memorization,
    PrecisionRecall,
    Reference,
    data_copying,
    density_coverage,
    expected_coverage,
    nearest,
    neighbours,
    precision_recall,
    rank_statistic,
    two_sample_accuracy,
)
from tests.metrics.test_distances import normal, reference


@pytest.mark.parametrize("block", [7, 1000, 2**22])
def test_nearest_agrees_with_scikit_learn(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", block)
    points, others = normal(40, 6, 1), normal(90, 6, 2)
    distances, indices = NearestNeighbors(n_neighbors=4).fit(others.numpy()).kneighbors(points)
    ours = nearest(points, others, k=4)
    np.testing.assert_allclose(ours[0], distances, rtol=1e-9)
    np.testing.assert_array_equal(ours[1], indices)
    distances, indices = NearestNeighbors(n_neighbors=3).fit(points.numpy()).kneighbors()
    ours = nearest(points, points, k=3, leave_one_out=True)
    np.testing.assert_allclose(ours[0], distances, rtol=1e-9)
    np.testing.assert_array_equal(ours[1], indices)


def test_a_copy_lies_at_distance_nought() -> None:
    train = normal(500, 64, scale=10).float()
    distances, indices = nearest(train[123:133], train)
    assert distances.max() < 1e-5
    assert indices[:, 0].tolist() == list(range(123, 133))


@given(st.integers(0, 10_000), st.integers(1, 6), st.floats(0.5, 2), st.floats(-1, 1))
@settings(deadline=None, max_examples=25)
def test_precision_recall_density_coverage_agree_with_prdc(
    seed: int, k: int, scale: float, shift: float
) -> None:
    real, generated = normal(60, 3, seed), normal(50, 3, seed + 1, scale, shift)
    theirs = prdc.compute_prdc(real.numpy(), generated.numpy(), k)
    precision, recall = precision_recall(real, generated, k)
    density, coverage = density_coverage(real, generated, k)
    ours = {"precision": precision, "recall": recall, "density": density, "coverage": coverage}
    assert {n: v.item() for n, v in ours.items()} == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize(("n", "k"), [(200, 5), (300, 3), (100, 1)])
def test_density_and_coverage_of_equal_distributions(n: int, k: int) -> None:
    pairs = [density_coverage(normal(n, 8, 2 * i), normal(n, 8, 2 * i + 1), k) for i in range(60)]
    density, coverage = (torch.stack(values) for values in zip(*pairs, strict=True))
    expected = 1 - math.prod((n - i) / (2 * n - i) for i in range(1, k + 1))
    assert abs(density.mean() - 1) < 4 * density.std() / 60**0.5
    assert abs(coverage.mean() - expected) < 4 * coverage.std() / 60**0.5


def test_a_set_covers_itself_and_never_a_far_one() -> None:
    real = normal(50, 4)
    assert [v.item() for v in precision_recall(real, real)] == [1, 1]
    assert [v.item() for v in precision_recall(real, real + 100)] == [0, 0]
    assert [v.item() for v in density_coverage(real, real + 100)] == [0, 0]
    one = real[:1].repeat(50, 1)  # a single copied sample: precise, and nothing else
    precision, recall = precision_recall(real, one)
    assert (precision.item(), recall.item()) == (1, 1 / 50)


def test_two_sample_accuracy_agrees_with_leave_one_out() -> None:
    real, generated = normal(40, 3, 1), normal(40, 3, 2, shift=0.5)
    points = torch.cat([real, generated]).numpy()
    kinds = np.arange(80) < 40
    hits = []
    for i in range(80):
        rest = np.arange(80) != i
        model = KNeighborsClassifier(1).fit(points[rest], kinds[rest])
        hits.append(model.predict(points[i : i + 1])[0] == kinds[i])
    assert two_sample_accuracy(real, generated).item() == pytest.approx(np.mean(hits))
    more = torch.cat([generated, generated + 9])
    assert two_sample_accuracy(real, more) == two_sample_accuracy(real, generated)


@pytest.mark.parametrize("n", [5, 60])
def test_two_sample_accuracy_of_equal_distributions(n: int) -> None:
    pairs = [(normal(n, 5, 2 * i), normal(n, 5, 2 * i + 1)) for i in range(400)]
    values = torch.stack([two_sample_accuracy(*pair) for pair in pairs])
    assert abs(values.mean() - (n - 1) / (2 * n - 1)) < 4 * values.std() / 20
    real = pairs[0][0]
    assert two_sample_accuracy(real, real + 100) == 1
    assert two_sample_accuracy(real, real + 1e-9) == 0


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=40),
    st.lists(st.integers(0, 9), min_size=2, max_size=40),
)
@settings(deadline=None)
def test_rank_statistic_agrees_with_scipy(test: list[int], generated: list[int]) -> None:
    n, m = len(test), len(generated)
    u = scipy.stats.mannwhitneyu(generated, test).statistic
    expected = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    ours = rank_statistic(torch.tensor(test), torch.tensor(generated))
    assert ours.item() == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert ours.dtype == torch.float64  # a million pairs are more than single precision counts


def test_data_copying_averages_cells_by_test_mass() -> None:
    generator = torch.Generator().manual_seed(0)
    test, generated = torch.rand(2, 100, generator=generator)
    cells = torch.arange(100) // 60  # 60 samples in one cell, 40 in the other
    expected = 0.6 * rank_statistic(test[:60], generated[:60])
    expected += 0.4 * rank_statistic(test[60:], generated[60:])
    assert data_copying(test, generated, cells, cells).item() == pytest.approx(expected.item())
    only = data_copying(test, generated, cells, cells, at_least=50)
    assert only.item() == pytest.approx(rank_statistic(test[:60], generated[:60]).item())
    assert data_copying(test, generated, cells, cells, at_least=101).isnan()


def memorization(generated: Tensor) -> dict[str, float]:
    logits = normal(400, 3, 9)
    train = Activations(normal(400, 4, 1), logits)
    metric = Memorization(Reference(Activations(normal(300, 4, 2)), train, "test"))
    metric.update(Activations(generated))
    return {name: value.item() for name, value in metric.compute().items()}


def test_memorization_tells_copies_from_fresh_samples() -> None:
    copies = memorization(normal(400, 4, 1)[:300] + 1e-3)
    fresh = memorization(normal(300, 4, 3))
    noise = memorization(normal(300, 4, 3, scale=4))
    assert copies["nearest_train_ratio"] < 0.02
    assert copies["data_copying"] < -5
    assert 0.8 < fresh["nearest_train_ratio"] < 1.2
    assert abs(fresh["data_copying"]) < 3
    assert noise["data_copying"] > 5


def test_coverage_of_equal_distributions_at_unequal_counts() -> None:
    values = [
        density_coverage(normal(80, 6, 2 * i), normal(200, 6, 2 * i + 1), k=3)[1] for i in range(80)
    ]
    coverage = torch.stack(values)
    expected = expected_coverage(80, 200, k=3)
    assert abs(coverage.mean() - expected) < 4 * coverage.std() / 80**0.5
    metric = DensityCoverage(Reference(*2 * [Activations(normal(80, 6))], "test", 200), k=3)
    assert metric.ideals == {"density": 1, "coverage": expected}


def test_data_copying_takes_one_cell_where_classes_are_too_small() -> None:
    """At 50 samples of ten classes no cell holds 20, and C_T came out as NaN."""
    train = Activations(normal(400, 4, 1), normal(400, 10, 9))
    real, generated = normal(50, 4, 2), normal(50, 4, 3)
    metric = Memorization(Reference(Activations(real), train, "test"))
    metric.update(Activations(generated))
    distances = [nearest(points, train.features)[0][:, 0] for points in (real, generated)]
    assert metric.compute()["data_copying"] == rank_statistic(*distances)


def test_data_copying_refuses_what_it_cannot_tell() -> None:
    train = Activations(normal(400, 4, 1))
    with pytest.raises(LabError, match="data_copying needs at least 20 real samples, got 19"):
        Memorization(Reference(Activations(normal(19, 4)), train, "test"))
    metric = Memorization(Reference(Activations(train.features[:50]), train, "test"))
    metric.update(Activations(normal(50, 4, 3)))
    with pytest.raises(LabError, match="most test samples are training samples too"):
        metric.compute()
    # Real samples lie in one class, generated ones in the other.
    logits = torch.eye(2, dtype=torch.float64).repeat_interleave(200, 0)
    train = Activations(torch.cat([normal(200, 4, 1), normal(200, 4, 2) + 100]), logits)
    metric = Memorization(Reference(Activations(normal(50, 4, 3)), train, "test"))
    metric.update(Activations(normal(50, 4, 4) + 100))
    with pytest.raises(LabError, match="needs a class with 20 real and as many generated samples"):
        metric.compute()


@pytest.mark.parametrize("kind", [PrecisionRecall, DensityCoverage])
def test_too_few_samples_and_a_bad_k_are_refused(kind: type) -> None:
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        kind(reference(normal(10, 2)), k=0)
    metric = kind(reference(normal(10, 2)), k=5)
    metric.update(Activations(normal(5, 2)))
    with pytest.raises(LabError, match="needs at least 6 generated samples, got 5"):
        metric.compute()


def test_data_copying_weighs_cells_by_the_test_samples_whatever_was_generated() -> None:
    """Most generated samples in one cell do not make that cell count for more."""
    generator = torch.Generator().manual_seed(1)
    test, generated = torch.rand(2, 200, generator=generator)
    generated[:40] += 0.5  # the first cell is underfitted, the second is not
    test_cells, made_cells = torch.arange(200) // 150, torch.arange(200) // 40
    made_cells = made_cells.clamp(max=1)  # 150 and 50 test samples, 40 and 160 generated ones
    first = rank_statistic(test[:150], generated[:40])
    second = rank_statistic(test[150:], generated[40:])
    ours = data_copying(test, generated, test_cells, made_cells)
    assert ours.item() == pytest.approx((0.75 * first + 0.25 * second).item())
    assert ours.item() != pytest.approx((0.2 * first + 0.8 * second).item(), rel=0.1)
