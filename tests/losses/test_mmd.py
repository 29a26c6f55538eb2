"""The maximum mean discrepancy against sums over pairs, finite differences and its laws."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.losses import MaximumMeanDiscrepancy
from gan_lab.losses.mmd import Kernel

KERNELS: list[Kernel] = ["gaussian", "rational_quadratic"]
SCALES = (0.5, 2.0)


def embedded(seed: int, count: int = 5, size: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, size, generator=generator, dtype=torch.float64)


def similarity(kernel: Kernel, a: list[float], b: list[float]) -> float:
    square = sum((x - y) ** 2 for x, y in zip(a, b, strict=True))
    if kernel == "gaussian":
        return sum(math.exp(-square / (2 * s**2)) for s in SCALES) / len(SCALES)
    return sum((1 + square / (2 * s)) ** -s for s in SCALES) / len(SCALES)


def by_pairs(kernel: Kernel, real: list[Any], fake: list[Any]) -> float:
    def mean(pairs: list[tuple[Any, Any]]) -> float:
        return sum(similarity(kernel, a, b) for a, b in pairs) / len(pairs)

    within = [[(a, b) for a in x for b in x if a is not b] for x in (real, fake)]
    between = [(a, b) for a in real for b in fake]
    return mean(within[0]) + mean(within[1]) - 2 * mean(between)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", [1, 4])
def test_the_estimate_is_that_over_pairs(kernel: Kernel, size: int) -> None:
    loss = MaximumMeanDiscrepancy(kernel, SCALES)
    real, fake = embedded(0, 5, size), embedded(1, 7, size)
    expected = by_pairs(kernel, real.tolist(), fake.tolist())
    assert loss.divergence(real, fake).item() == pytest.approx(expected)
    assert loss.generator(real, fake).item() == pytest.approx(expected)
    assert loss.discriminator(real, fake).item() == pytest.approx(-expected)
    if size == 1:  # numbers are vectors of one coordinate
        flat = loss.divergence(real[:, 0], fake[:, 0])
        torch.testing.assert_close(flat, loss.divergence(real, fake))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_gradients_agree_with_finite_differences(kernel: Kernel, player: str) -> None:
    loss = MaximumMeanDiscrepancy(kernel, SCALES)
    real, fake = (embedded(seed).requires_grad_() for seed in (2, 3))
    assert torch.autograd.gradcheck(getattr(loss, player), (real, fake))


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_estimate_is_unbiased_where_the_kinds_agree(kernel: Kernel) -> None:
    loss = MaximumMeanDiscrepancy(kernel, SCALES)
    values = torch.stack(
        [loss.divergence(embedded(2 * n, 6), embedded(2 * n + 1, 6)) for n in range(400)]
    )
    error = values.std() / len(values) ** 0.5
    assert abs(values.mean()) < 3 * error
    assert values.min() < 0  # an estimate with the diagonal never is


def test_a_gaussian_kernel_of_gaussians_has_a_closed_form() -> None:
    """E k = (1 + 2 v / s²)^(-d/2) exp(-Δ² / 2 (s² + 2 v)) for N(0, v) and its shift by Δ."""
    scale, shift, size = 1.5, 0.8, 2
    loss = MaximumMeanDiscrepancy("gaussian", [scale])
    real, fake = embedded(4, 3000, size), embedded(5, 3000, size)
    fake[:, 0] += shift
    factor = (1 + 2 / scale**2) ** (-size / 2)
    expected = 2 * factor * (1 - math.exp(-(shift**2) / (2 * (scale**2 + 2))))
    assert loss.divergence(real, fake).item() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_critic_passes_twice_the_squared_total_variation(kernel: Kernel) -> None:
    """Coins of (.7, .3) and (.4, .6): features far apart reach 2 TV² in expectation."""
    loss = MaximumMeanDiscrepancy(kernel, SCALES)
    count, far = 2000, 1e6
    real = torch.zeros(count, 1, dtype=torch.float64)
    fake = torch.zeros(count, 1, dtype=torch.float64)
    real[: int(0.7 * count)] = fake[: int(0.4 * count)] = far
    assert loss.divergence(real, fake).item() == pytest.approx(2 * 0.3**2, abs=2e-3)


def test_bad_input_gets_one_clear_line() -> None:
    with pytest.raises(ValueError, match="kernel must be one of gaussian, rational_quadratic"):
        MaximumMeanDiscrepancy("cosine")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="scales must be positive"):
        MaximumMeanDiscrepancy("gaussian", [1.0, 0.0])
    with pytest.raises(LabError, match="two samples at least of each kind"):
        MaximumMeanDiscrepancy("gaussian").divergence(embedded(6, 1), embedded(7))
