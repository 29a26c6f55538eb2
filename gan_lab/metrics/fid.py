"""The Fréchet distance between two Gaussians fitted to features: FID."""

import logging

import torch
from torch import Tensor

from gan_lab.metrics.base import SampleMetric, require_samples
from gan_lab.metrics.features import Activations
from gan_lab.metrics.reference import Reference

log = logging.getLogger(__name__)


def frechet_distance(mean1: Tensor, cov1: Tensor, mean2: Tensor, cov2: Tensor) -> Tensor:
    r"""Return the squared Fréchet (Wasserstein-2) distance between two Gaussians.

    .. math::
        \|\mu_1 - \mu_2\|^2 + \operatorname{tr}\bigl(\Sigma_1 + \Sigma_2
        - 2 (\Sigma_1^{1/2} \Sigma_2 \Sigma_1^{1/2})^{1/2}\bigr)

    The symmetric form keeps every eigenvalue real and not negative, so the
    root stays finite for singular covariances too.

    References:
        GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
        Equilibrium (Heusel et al. 2017), equation 6, arXiv 1706.08500.

    Args:
        mean1: Shape (d,), as ``mean2``.
        cov1: Shape (d, d), symmetric and positive semi-definite, as ``cov2``.
        mean2: The other Gaussian's mean.
        cov2: The other Gaussian's covariance.

    Example:
        >>> eye = torch.eye(2, dtype=torch.float64)
        >>> frechet_distance(torch.zeros(2), eye, torch.ones(2), 4 * eye).item()
        4.0
    """
    values, vectors = torch.linalg.eigh(cov1)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.mT
    overlap = torch.linalg.eigvalsh(root @ cov2 @ root).clamp(min=0).sqrt().sum()
    distance: Tensor = (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * overlap
    return distance.clamp(min=0)


def moments(count: Tensor | int, total: Tensor, products: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (d,) and unbiased covariance (d, d) from N, Σx and Σxxᵀ."""
    mean = total / count
    return mean, (products - count * torch.outer(mean, mean)) / (count - 1)


def fitted(features: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (d,) and unbiased covariance (d, d) of features (N, d), in double precision."""
    features = features.double()
    return moments(len(features), features.sum(0), features.mT @ features)


class FrechetDistance(SampleMetric):
    """FID, from running sums: its memory does not grow with the number of samples.

    With N samples of d features on both sides it overestimates the distance,
    by about 2d/N + d(d+1)/(2N) between equal unit Gaussians, so numbers of
    different counts do not compare. With no more than d samples a covariance is
    singular; it is computed all the same, and a warning says so.

    Args:
        reference: The activations of real samples.
    """

    higher_is_better = False
    ideals = {"fid": 0.0}
    count: Tensor
    total: Tensor
    products: Tensor

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        size = reference.real.features.shape[1]
        zeros = torch.zeros(size, size, dtype=torch.float64)
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("total", zeros[0].clone(), dist_reduce_fx="sum")
        self.add_state("products", zeros, dist_reduce_fx="sum")

    def update(self, generated: Activations) -> None:
        features = generated.features.double()
        self.count += len(features)
        self.total += features.sum(0)
        self.products += features.mT @ features

    def compute(self) -> dict[str, Tensor]:
        real = self.reference.real.features.to(self.total.device)
        count = int(self.count)
        require_samples("fid", "real", len(real), 2)
        require_samples("fid", "generated", count, 2)
        mean1, cov1 = fitted(real)
        mean2, cov2 = moments(count, self.total, self.products)
        warn_singular("real", len(real), cov1, scale=cov1)
        warn_singular("generated", count, cov2, scale=cov1)
        return {"fid": frechet_distance(mean1, cov1, mean2, cov2)}


def warn_singular(which: str, count: int, cov: Tensor, scale: Tensor) -> None:
    """Say so where a covariance has directions without any variance."""
    size = len(cov)
    if count <= size:
        bias = 2 * size / count + size * (size + 1) / (2 * count)
        log.warning(
            "FID from %d %s samples of %d features: the covariance is singular and the number "
            "biased upwards, between unit Gaussians by about 2d/N + d(d+1)/(2N) = %.3g; raise "
            "num_samples above %d",
            count, which, size, bias, size,
        )  # fmt: skip
        return
    largest = torch.linalg.eigvalsh(scale)[-1]
    rank = int((torch.linalg.eigvalsh(cov) > 1e-10 * largest).sum())
    if rank < size:
        log.warning(
            "FID: the covariance of the %s samples is singular (rank %d of %d): they vary in "
            "too few directions, as collapsed or identical samples do",
            which, rank, size,
        )  # fmt: skip
