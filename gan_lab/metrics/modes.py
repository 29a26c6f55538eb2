"""Modes of a mixture that generated points reach."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gan_lab.metrics.base import FeatureMetric, require_samples, share
from gan_lab.metrics.reference import Reference


def mode_coverage(
    points: Tensor, centres: Tensor, deviation: float, radius: float = 3.0
) -> tuple[Tensor, Tensor]:
    r"""Return how many modes have a high-quality point, and the share of such points.

    A point is of high quality within ``radius`` deviations of the nearest
    centre. The mixture itself scores :math:`1 - e^{-r^2/2}`, 98.889 % at r = 3:
    more than that means over-concentration.

    References:
        VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational
        Learning (Srivastava et al. 2017), section 4.1, arXiv 1705.07761.

    Args:
        points: Shape (N, 2).
        centres: Shape (K, 2), well apart.
        deviation: Of each mode, positive.
        radius: r, positive.

    Returns:
        Two scalars: modes in 0..K, and the share in [0, 1].
    """
    distances, nearest = torch.cdist(points, centres).min(dim=1)
    good = distances <= radius * deviation
    modes = nearest[good].unique(return_counts=False)  # type: ignore[no-untyped-call]
    return torch.tensor(len(modes), dtype=torch.float64, device=points.device), share(good)


def mode_shares(points: Tensor, centres: Tensor, deviation: float, radius: float = 3.0) -> Tensor:
    """Return each mode's share of the high-quality points, shape (K,); all 0 where there is none.

    Args:
        points: Shape (N, 2).
        centres: Shape (K, 2), well apart.
        deviation: Of each mode, positive.
        radius: See :func:`mode_coverage`.
    """
    distances, nearest = torch.cdist(points, centres).min(dim=1)
    counts = nearest[distances <= radius * deviation].bincount(minlength=len(centres)).double()
    return counts / counts.sum().clamp(min=1)


def mode_divergence(shares: Tensor) -> Tensor:
    r"""Return the reverse KL of shares (K,), :math:`KL(q \,\|\, \text{uniform})` in nats.

    From 0 to log K, which it also is where no point is of high quality.
    """
    divergence = torch.xlogy(shares, shares * len(shares)).sum()
    return divergence if shares.any() else shares.new_tensor(len(shares)).log()


class ModeCoverage(FeatureMetric):
    """Modes covered and high-quality share of generated points, of which 2,500 are customary.

    The count alone says little: a mode counts by one point, so points spread evenly over the square
    cover 21 of the grid's 25 by 2,500 points, and all by 10,000, with 1.8 % of high quality. Beside
    it stand ``smallest_mode``, the least share of the high-quality points that a mode has, and
    ``mode_divergence``, their reverse KL from even shares; see :func:`mode_divergence`.

    Args:
        reference: The activations of real points.
        centres: Of the mixture, K pairs.
        deviation: Of each mode, positive.

    Raises:
        ValueError: If the samples are no points, or ``deviation`` is not positive.
    """

    def __init__(
        self, reference: Reference, centres: Sequence[Sequence[float]] | Tensor, deviation: float
    ) -> None:
        super().__init__(reference)
        if reference.real.features.shape[1] != 2:
            raise ValueError("ModeCoverage is for points of the plane; leave it out for images")
        if not deviation > 0:
            raise ValueError(f"deviation must be positive, got {deviation}")
        self.bounds = ("smallest_mode",)
        self.centres = torch.as_tensor(centres, dtype=torch.float32)
        self.deviation = deviation
        self.ideals = {
            "modes": float(len(self.centres)),
            "high_quality": 1 - float(torch.exp(torch.tensor(-4.5))),
            "smallest_mode": 1 / len(self.centres),
            "mode_divergence": 0.0,
        }

    def compute(self) -> dict[str, Tensor]:
        """Return the four figures."""
        _, generated = self.collected(1)
        require_samples("ModeCoverage", "generated", len(generated), 1)
        centres = self.centres.to(generated)
        modes, high_quality = mode_coverage(generated, centres, self.deviation)
        shares = mode_shares(generated, centres, self.deviation)
        return {
            "modes": modes,
            "high_quality": high_quality,
            "smallest_mode": shares.min(),
            "mode_divergence": mode_divergence(shares),
        }
