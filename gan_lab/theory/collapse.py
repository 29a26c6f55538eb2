"""How much of a mixture a sample covers, and how far the two are apart."""

import math

import torch
from torch import Tensor

from gan_lab.data import Mixture
from gan_lab.theory.densities import Discrete
from gan_lab.theory.divergences import (
    jensen_shannon,
    kullback_leibler,
    reverse_kullback_leibler,
)
from gan_lab.theory.pair import Pair, common


def mode_counts(samples: Tensor, mixture: Mixture, reach: float = 3.0) -> Tensor:
    """Return how many samples lie within ``reach`` deviations of each mode, shape (modes,)."""
    centres = mixture.centres.double()
    distances, nearest = torch.cdist(samples.double(), centres).min(dim=1)
    return torch.bincount(
        nearest[distances <= reach * mixture.deviation], minlength=len(mixture.centres)
    )


def over_modes(counts: Tensor) -> Pair:
    """Return the modes as real distribution, equally likely, and the counts as generated one."""
    total = float(counts.sum())
    if total == 0:
        raise ValueError("no sample lies near any mode")
    modes = len(counts)
    return common(Discrete([1 / modes] * modes), Discrete((counts.double() / total).tolist()))


def on_cells(samples: Tensor, mixture: Mixture, cells: int = 60) -> Pair:
    """Return the mixture, exactly, and the samples, counted, on a square partition of the plane.

    Divergences of the two are those of the partition: at most the true ones,
    up to the samples' noise.
    """
    centres = mixture.centres.double()
    extent = float(centres.abs().max()) + 5 * mixture.deviation
    edges = torch.linspace(-extent, extent, cells + 1, dtype=torch.float64)
    edges[0], edges[-1] = -torch.inf, torch.inf  # the outer cells reach to the end
    steps = torch.special.ndtr((edges - centres.unsqueeze(2)) / mixture.deviation).diff(dim=2)
    real = torch.einsum("ki,kj->ij", steps[:, 0], steps[:, 1]).flatten() / len(mixture.centres)
    column, row = torch.bucketize(samples.double().T.contiguous(), edges[1:-1])
    generated = torch.bincount(column * cells + row, minlength=cells**2).double() / len(samples)
    zeros = torch.zeros_like(real)
    return Pair(torch.arange(cells**2).double(), zeros, real.log(), generated.log(), zeros.bool())


def covering(modes: int, covered: int) -> tuple[float, float, float]:
    r"""Return KL(p‖q), KL(q‖p) and JS where q has ``covered`` of p's equally likely modes.

    .. math::
        KL(q \| p) = \log \tfrac nk, \qquad
        JS = \tfrac12 \left[\tfrac kn \log \tfrac{2k}{k + n} + (1 - \tfrac kn) \log 2
            + \log \tfrac{2n}{n + k}\right]

    and :math:`KL(p \| q) = \infty` for k < n.
    """
    share = covered / modes
    js = share * math.log(2 * covered / (covered + modes)) + (1 - share) * math.log(2)
    js += math.log(2 * modes / (modes + covered))
    return (math.inf if covered < modes else 0.0), math.log(modes / covered), js / 2


def all_three(pair: Pair) -> tuple[float, float, float]:
    """Return KL(p‖q), KL(q‖p) and JS of a pair."""
    return kullback_leibler(pair), reverse_kullback_leibler(pair), jensen_shannon(pair)
