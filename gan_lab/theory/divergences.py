"""Divergences in closed form, by sums over a pair's nodes; infinite where they are infinite."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from gan_lab.theory.densities import Density, Discrete
from gan_lab.theory.pair import NODES, Pair, atoms, panels

LOG_2 = math.log(2)


def integral(log_integrand: Tensor, pair: Pair) -> float:
    """Return the integral of exp(``log_integrand``), infinite if its tails do not fall.

    Args:
        log_integrand: At the pair's nodes, shape (N,); nan counts as no mass.
        pair: Gives the nodes' weights.
    """
    terms = (log_integrand + pair.log_weight).nan_to_num(nan=-torch.inf, posinf=torch.inf)
    total = torch.logsumexp(terms, dim=0)
    if bool(pair.rim.any()):
        rim = torch.logsumexp(terms[pair.rim], dim=0)
        # Beyond the rim the panels keep doubling: what has not died there never will.
        if bool(rim > total - 25):
            return math.inf
    return float(total.exp())


def kullback_leibler(pair: Pair) -> float:
    r""":math:`KL(p \| q) = E_p[\log p/q]`, infinite where p has mass and q has none."""
    return float(masked(pair.p, pair.log_ratio))


def reverse_kullback_leibler(pair: Pair) -> float:
    r""":math:`KL(q \| p)`."""
    return kullback_leibler(pair.swapped())


def to_middle(pair: Pair) -> float:
    r""":math:`KL(p \| m)` with :math:`m = (p + q)/2`."""
    return LOG_2 + float(masked(pair.p, logsigmoid(pair.log_ratio)))


def jensen_shannon(pair: Pair) -> float:
    r""":math:`\tfrac12 KL(p \| m) + \tfrac12 KL(q \| m)`, from 0 to log 2."""
    return (to_middle(pair) + to_middle(pair.swapped())) / 2


def total_variation(pair: Pair) -> float:
    r""":math:`\tfrac12 \int |p - q|`, from 0 to 1."""
    return float((pair.p - pair.q).abs().sum()) / 2


def triangular_discrimination(pair: Pair) -> float:
    r""":math:`\int (p - q)^2 / (p + q)`, from 0 to 2."""
    # (p - q) / (p + q) is the hyperbolic tangent of half the log ratio.
    return float(masked(pair.p + pair.q, torch.tanh(pair.log_ratio / 2).square()))


def pearson(pair: Pair) -> float:
    r""":math:`\chi^2(p \| q) = \int p^2 / q - 1`, infinite where q's tails are too light."""
    value = integral(2 * pair.log_p - pair.log_q, pair)
    if value < 2:  # small: take the squares of differences, which do not cancel
        return float(masked(pair.q, torch.expm1(pair.log_ratio).square()))
    return value - 1


def squared_hellinger(pair: Pair) -> float:
    r""":math:`\int (\sqrt p - \sqrt q)^2 = 2 (1 - \int \sqrt{pq})`, from 0 to 2."""
    return float((pair.p.sqrt() - pair.q.sqrt()).square().sum())


def relativistic_jensen_shannon(pair: Pair) -> float:
    r""":math:`JS(p \otimes q, q \otimes p)` of the two orders of a real and a generated sample."""
    pair = pair.bulk()
    ratio = pair.log_ratio.nan_to_num()
    difference = (ratio[:, None] - ratio[None, :]).nan_to_num()
    return LOG_2 + float(pair.p @ logsigmoid(difference) @ pair.q)


def wasserstein(p: Density | Discrete, q: Density | Discrete) -> float:
    r""":math:`W_1(p, q) = \int |F_p - F_q|` on the line.

    Raises:
        ValueError: If one is discrete and the other is not.
    """
    if isinstance(p, Discrete) and isinstance(q, Discrete):
        pair = atoms(p, q)
        gaps = (pair.p - pair.q).cumsum(0).abs()[:-1]
        return float(gaps @ pair.points.diff())
    if isinstance(p, Discrete) or isinstance(q, Discrete):
        raise ValueError("p and q must both be discrete or both be continuous, got one of each")
    edges, _, _ = panels(p, q)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    points = torch.as_tensor(middle[:, None] + half[:, None] * nodes)
    # Far out both functions are 1 and only rounding differs; panels there are huge.
    gaps = (p.cdf(points) - q.cdf(points)).abs()
    gaps = torch.where(gaps > 1e-15, gaps, 0)
    return float((gaps * torch.as_tensor(half[:, None] * weights)).sum())


def masked(mass: Tensor, values: Tensor) -> Tensor:
    """Return the sum of ``mass * values`` in which no mass times infinity is nothing."""
    return torch.where(mass > 0, mass * values, 0).sum()


CLOSED_FORMS: dict[str, Callable[[Pair], float]] = {
    "jensen-shannon": jensen_shannon,
    "jensen-shannon of pairs": relativistic_jensen_shannon,
    "total variation": total_variation,
    "triangular discrimination": triangular_discrimination,
    "kl(real || generated)": kullback_leibler,
    "kl(generated || real)": reverse_kullback_leibler,
    "pearson chi-squared(real || generated)": pearson,
    "squared hellinger": squared_hellinger,
}
"""Divergences by the first words of a loss's ``divergence_name``, in lower case."""


def closed_form(divergence_name: str) -> Callable[[Pair], float] | None:
    """Return the closed form of what ``divergence_name`` begins with, or None if not known.

    >>> closed_form("Jensen-Shannon (nats), lower bound").__name__
    'jensen_shannon'
    """
    name = divergence_name.lower()
    known = [key for key in CLOSED_FORMS if name.startswith(key)]
    return CLOSED_FORMS[max(known, key=len)] if known else None
