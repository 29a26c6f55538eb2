"""Two distributions seen on common nodes, where every integral becomes a sum."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from scipy.optimize import brentq
from torch import Tensor

from gan_lab.theory.densities import Density, Discrete

NODES = 16
"""Gauss-Legendre nodes in a panel."""
PANELS = 16
"""Panels, at least, across the bulk of both densities."""
DOUBLINGS = 24
"""Panels of doubling width beyond the bulk on either side, for integrands with heavy tails."""


@dataclass(frozen=True)
class Pair:
    """A real distribution p and a generated one q on common nodes.

    Attributes:
        points: The nodes, ascending, shape (N,).
        log_weight: Log quadrature weight of each node; 0 at an atom.
        log_p: Log density of p there, or log probability at an atom.
        log_q: The same for q.
        rim: Which nodes lie in the outermost panels. An integrand that still has
            weight there has an infinite integral.
    """

    points: Tensor
    log_weight: Tensor
    log_p: Tensor
    log_q: Tensor
    rim: Tensor

    @property
    def p(self) -> Tensor:
        """Masses of p, shape (N,), summing to 1."""
        return (self.log_p + self.log_weight).exp()

    @property
    def q(self) -> Tensor:
        """Masses of q, shape (N,), summing to 1."""
        return (self.log_q + self.log_weight).exp()

    @property
    def log_ratio(self) -> Tensor:
        """Return log p - log q; infinite outside one support, nan outside both."""
        return self.log_p - self.log_q

    def swapped(self) -> "Pair":
        """Return the pair with p and q exchanged."""
        return Pair(self.points, self.log_weight, self.log_q, self.log_p, self.rim)

    def bulk(self, mass: float = 1e-18) -> "Pair":
        """Return the pair on the nodes that carry more than ``mass`` of either."""
        keep = self.p + self.q > mass
        parts = self.points, self.log_weight, self.log_p, self.log_q, self.rim
        return Pair(*(part[keep] for part in parts))


def common(p: Density | Discrete, q: Density | Discrete) -> Pair:
    """Return ``p`` and ``q`` on common nodes.

    Raises:
        ValueError: If one is discrete and the other is not.
    """
    if isinstance(p, Discrete) and isinstance(q, Discrete):
        return atoms(p, q)
    if isinstance(p, Discrete) or isinstance(q, Discrete):
        raise ValueError("p and q must both be discrete or both be continuous, got one of each")
    edges, first, last = panels(p, q)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    middle = torch.as_tensor((edges[1:] + edges[:-1]) / 2).unsqueeze(1)
    half = torch.as_tensor((edges[1:] - edges[:-1]) / 2).unsqueeze(1)
    points = (middle + half * torch.as_tensor(nodes)).flatten()
    log_weight = (half * torch.as_tensor(weights)).log().flatten()
    rim = torch.zeros(len(edges) - 1, NODES, dtype=torch.bool)
    # Only where the line goes on beyond the last panel can a tail be cut off.
    rim[0], rim[-1] = first, last
    return Pair(points, log_weight, p.log_prob(points), q.log_prob(points), rim.flatten())


def atoms(p: Discrete, q: Discrete) -> Pair:
    """Return two discrete distributions on the union of their atoms."""
    points = torch.cat([p.points, q.points]).unique()  # type: ignore[no-untyped-call]
    masses = torch.zeros(2, len(points), dtype=torch.float64)
    for row, density in zip(masses, (p, q), strict=True):
        row[torch.searchsorted(points, density.points)] = density.probabilities
    nowhere = torch.zeros(len(points), dtype=torch.bool)
    return Pair(points, torch.zeros_like(points), masses[0].log(), masses[1].log(), nowhere)


def panels(p: Density, q: Density) -> tuple[np.ndarray, bool, bool]:
    """Return panel edges fit for both densities, and whether the line goes on at either end.

    The edges hold every kink and every crossing of the densities and of their
    distribution functions, where the optimal discriminators of total variation
    and of Wasserstein-1 bend.
    """
    low, high = min(p.bulk[0], q.bulk[0]), max(p.bulk[1], q.bulk[1])
    # Narrow components want narrow panels wherever they lie.
    scales = [(b - a) / PANELS for density in (p, q) for a, b in spans(density)]
    grid = np.unique(
        np.concatenate(
            [np.linspace(a, b, PANELS + 1) for density in (p, q) for a, b in spans(density)]
            + [np.array([low, high]), np.array(p.kinks + q.kinks)]
        )
    )
    fine = np.unique(np.concatenate([grid, (grid[1:] + grid[:-1]) / 2]))
    roots = np.array(
        [
            *crossings(lambda x: p.log_prob(x) - q.log_prob(x), fine),
            *crossings(lambda x: p.cdf(x) - q.cdf(x), fine),
        ]
    )
    # A root beside a kink is the kink's own jump, found again less exactly.
    near = np.abs(roots[:, None] - grid[None, :]).min(axis=1) < 1e-9 * min(scales)
    edges = np.concatenate([grid, roots[~near]])
    first = any(bool(d.log_prob(torch.tensor(low - 1e-6)).isfinite()) for d in (p, q))
    last = any(bool(d.log_prob(torch.tensor(high + 1e-6)).isfinite()) for d in (p, q))
    steps = (high - low) * (2.0 ** np.arange(DOUBLINGS) - 0.5)
    edges = np.sort(np.concatenate([edges, (low - steps) * first, (high + steps) * last]))
    apart = np.concatenate([[True], np.diff(edges) > 1e-12 * min(scales)])
    return edges[apart], first, last


def spans(density: Density) -> Iterator[tuple[float, float]]:
    """Yield the bulk of each component of ``density``."""
    for part in getattr(density, "components", [density]):
        if part is density:
            yield part.bulk
        else:
            yield from spans(part)


def crossings(function: Callable[[Tensor], Tensor], grid: np.ndarray) -> Iterator[float]:
    """Yield a root of ``function`` in every interval of ``grid`` where its sign changes."""
    signs = function(torch.as_tensor(grid)).sign().tolist()

    def scalar(x: float) -> float:
        return float(function(torch.tensor(x, dtype=torch.float64)))

    for (a, b), (left, right) in zip(pairwise(grid), pairwise(signs), strict=True):
        if left == 0:
            yield a
        elif left * right < 0 and np.isfinite([scalar(a), scalar(b)]).all():
            yield brentq(scalar, a, b, xtol=1e-14, rtol=1e-14)
