"""Restoration of a Gaussian: the closed forms at both ends and between, by the lab's own game."""

import pytest
import torch

from gan_lab.theory.gaussian_restoration import (
    best_distortion,
    gaussian_batch,
    predicted,
    restore,
    shrinkage,
)
from gan_lab.theory.studies import PerceptionDistortion


@pytest.mark.parametrize("deviation", [0.6, 1.3, 2.4])
def test_both_ends_are_the_closed_forms_within_two_percent(deviation: float) -> None:
    s = shrinkage(deviation)
    mean, marginal = (restore(deviation, weight, False, 1024) for weight in (1e-3, 1e3))
    assert mean.distortion == pytest.approx(1 - s**2, rel=0.02)
    assert mean.variance == pytest.approx(s**2, rel=0.02)
    assert marginal.distortion == pytest.approx(2 - 2 * s, rel=0.02)
    assert marginal.variance == pytest.approx(1, rel=0.02)
    assert abs(marginal.noise) < 0.01  # noise would cost and buy nothing
    posterior = restore(deviation, 1e3, True, 1024)
    assert posterior.distortion == pytest.approx(2 * (1 - s**2), rel=0.02)
    assert posterior.gain == pytest.approx(s**2, rel=0.02)
    assert posterior.noise**2 == pytest.approx(1 - s**2, rel=0.02)


@pytest.mark.parametrize(("deviation", "weight"), [(0.7, 0.5), (1.6, 4.0)])
def test_between_the_ends_it_is_the_best_of_both(deviation: float, weight: float) -> None:
    end = restore(deviation, weight, False, 1024)
    variance, distortion = predicted(deviation, weight)
    assert end.distortion == pytest.approx(distortion, rel=0.02)
    assert end.variance == pytest.approx(variance, rel=0.02)
    assert distortion == pytest.approx(best_distortion(deviation, variance))
    assert shrinkage(deviation) ** 2 < variance < 1


@pytest.mark.parametrize("deviation", [0.4, 3.0])
def test_no_estimate_of_a_variance_errs_less(deviation: float) -> None:
    torch.manual_seed(0)
    for gain, noise in torch.rand(100, 2).tolist():
        variance = gain**2 * (1 + deviation**2) + noise**2
        error = (1 - gain) ** 2 + (gain * deviation) ** 2 + noise**2
        assert error >= best_distortion(deviation, variance) - 1e-9


def test_samples_stand_for_their_distribution_exactly_up_to_second_moments() -> None:
    batch = gaussian_batch(1.5, 512)
    expected = torch.tensor([[1, 1, 0], [1, 1 + 1.5**2, 0], [0, 0, 1]], dtype=torch.float64)
    torch.testing.assert_close(batch.T @ batch / 512, expected)
    torch.testing.assert_close(batch.mean(0), torch.zeros(3, dtype=torch.float64))


def test_the_study_compares_and_draws() -> None:
    findings = PerceptionDistortion([0.5], [1.0], samples=256).run()
    assert len(findings.rows) == 8
    for row in findings.rows:
        assert row.measured == pytest.approx(row.predicted, rel=0.05)
    assert list(findings.figures) == ["perception_distortion"]
    with pytest.raises(ValueError, match=r"deviations must be positive numbers, got \[0.0\]"):
        PerceptionDistortion([0.0])
    with pytest.raises(ValueError, match=r"weights must be positive numbers, got \[\]"):
        PerceptionDistortion([1.0], [])
