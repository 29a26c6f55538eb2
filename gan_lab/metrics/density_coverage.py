"""Density and coverage: precision and recall that outliers cannot inflate."""

import math

from torch import Tensor

from gan_lab.metrics.base import FeatureMetric, require_neighbours, share
from gan_lab.metrics.neighbours import balls_around, nearest, radii
from gan_lab.metrics.reference import Reference


def density_coverage(real: Tensor, generated: Tensor, k: int = 5) -> tuple[Tensor, Tensor]:
    r"""Return density, in [0, N/k], and coverage, in [0, 1].

    Density is how many real balls a generated sample lies in, over k; coverage
    the share of real balls with a generated sample in them. A real sample's
    ball reaches to its k-th nearest other. Between equal distributions density
    is 1 in expectation and coverage, at N samples on both sides,
    :math:`1 - \prod_{i=1}^{k} (N - i)/(2N - i)`.

    References:
        Reliable Fidelity and Diversity Metrics for Generative Models (Naeem et
        al. 2020), section 3, arXiv 2002.09797.

    Args:
        real: Features, shape (N, d), N above k.
        generated: Features, shape (M, d).
        k: Neighbours.
    """
    reach = radii(real, k)
    density = balls_around(generated, real, reach).double().mean() / k
    coverage = share(nearest(real, generated)[0][:, 0] <= reach)
    return density, coverage


def expected_coverage(real: int, generated: int, k: int = 5) -> float:
    r"""Return the coverage of samples from the real distribution itself, in expectation.

    .. math:: 1 - \prod_{i=1}^{k} (N - i) / (N + M - i),

    as a ball is missed where the k nearest of all N + M - 1 other samples are real ones.

    Args:
        real: N.
        generated: M.
        k: Neighbours.

    Example:
        >>> round(expected_coverage(10_000, 10_000), 3)
        0.969
    """
    others = range(1, min(k, real + generated - 1) + 1)  # with fewer, every ball holds them all
    return 1 - math.prod(max(real - i, 0) / (real + generated - i) for i in others)


class DensityCoverage(FeatureMetric):
    """Density and coverage; see :func:`density_coverage`.

    Between equal distributions coverage is 0.969 at equal counts: ``ideals`` holds what it is at
    the reference's.

    Args:
        reference: The activations of real samples.
        k: Neighbours, 5 in the paper.

    Raises:
        ValueError: If ``k`` is not positive.
    """

    higher_is_better = True

    def __init__(self, reference: Reference, k: int = 5) -> None:
        super().__init__(reference)
        self.k = require_neighbours(k)
        count = len(reference.real)
        generated = reference.num_samples or count
        self.ideals = {"density": 1.0, "coverage": expected_coverage(count, generated, k)}

    def compute(self) -> dict[str, Tensor]:
        density, coverage = density_coverage(*self.collected(at_least=self.k + 1), self.k)
        return {"density": density, "coverage": coverage}
