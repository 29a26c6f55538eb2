"""What theory says of a loss at its optimal discriminator, for the losses it speaks of."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lab.losses import (
    AdversarialLoss,
    FDivergence,
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    RelativisticPairing,
)
from gan_lab.theory import divergences as d
from gan_lab.theory.pair import Pair

LOG_2 = math.log(2)


class Law(NamedTuple):
    """Closed forms at the optimum; None where none is known.

    Attributes:
        logit: The optimal logit at each node.
        loss: The discriminator's least loss.
        generator: The generator's loss there.
        shift_free: Whether a constant added to all logits changes nothing.
    """

    logit: Callable[[Pair], Tensor] | None = None
    loss: Callable[[Pair], float] | None = None
    generator: Callable[[Pair], float] | None = None
    shift_free: bool = False


def law(loss: AdversarialLoss) -> Law:
    """Return what is known of ``loss``; nothing for one that theory has not met."""
    for kind in type(loss).__mro__:
        if kind in LAWS:
            return LAWS[kind](loss)
    return Law()


def minimax(loss: Minimax) -> Law:
    r""":math:`D^* = p / (p + q)` and :math:`V = 2 JS - \log 4` (Goodfellow et al. 2014)."""
    if loss.real_label != 1:
        return Law(logit=lambda pair: smoothed(pair, loss.real_label))
    return Law(
        logit=lambda pair: pair.log_ratio,
        loss=lambda pair: 2 * LOG_2 - 2 * d.jensen_shannon(pair),
        generator=lambda pair: d.to_middle(pair.swapped()) - LOG_2,
    )


def smoothed(pair: Pair, real_label: float) -> Tensor:
    """Return the optimal logit under one-sided label smoothing, D* = l p / (p + q)."""
    share = real_label * torch.sigmoid(pair.log_ratio)
    return torch.logit(share)


def non_saturating(loss: NonSaturating) -> Law:
    """The minimax discriminator; the generator's value is Arjovsky and Bottou's (2017)."""
    if loss.real_label != 1:
        return minimax(loss)
    return minimax(loss)._replace(
        generator=lambda pair: (
            LOG_2 + d.reverse_kullback_leibler(pair) - d.to_middle(pair.swapped())
        )
    )


def least_squares(loss: LeastSquares) -> Law:
    """The density-weighted mean of the targets (Mao et al. 2017)."""
    a, b, c = loss.fake_target, loss.real_target, loss.generator_target

    def logit(pair: Pair) -> Tensor:
        return a + (b - a) * torch.sigmoid(pair.log_ratio)

    return Law(
        logit=logit,
        loss=lambda pair: (b - a) ** 2 * (2 - d.triangular_discrimination(pair)) / 8,
        generator=lambda pair: float(d.masked(pair.q, (logit(pair) - c).square())) / 2,
    )


def hinge(_: Hinge) -> Law:
    """The sign of p - q (Lim and Ye 2017)."""
    return Law(
        logit=lambda pair: pair.log_ratio.sign(),
        loss=lambda pair: 2 - 2 * d.total_variation(pair),
    )


def relativistic_pairing(_: RelativisticPairing) -> Law:
    """The log ratio up to a constant (Jolicoeur-Martineau 2018)."""

    def jeffreys(pair: Pair) -> float:
        return d.kullback_leibler(pair) + d.reverse_kullback_leibler(pair)

    return Law(
        logit=lambda pair: pair.log_ratio,
        loss=lambda pair: LOG_2 - d.relativistic_jensen_shannon(pair),
        generator=lambda pair: LOG_2 + jeffreys(pair) - d.relativistic_jensen_shannon(pair),
        shift_free=True,
    )


def f_divergence(loss: FDivergence) -> Law:
    """T* = f'(p/q) (Nowozin et al. 2016, table 2), in terms of the logit before the activation."""
    logits: dict[str, Callable[[Pair], Tensor]] = {
        "kl": lambda pair: 1 + pair.log_ratio,
        "reverse_kl": lambda pair: pair.log_ratio,
        "pearson": lambda pair: 2 * torch.expm1(pair.log_ratio),
        "squared_hellinger": lambda pair: pair.log_ratio / 2,
        "jensen_shannon": lambda pair: pair.log_ratio,
        "gan": lambda pair: pair.log_ratio,
    }
    bounds: dict[str, Callable[[Pair], float]] = {
        "kl": d.kullback_leibler,
        "reverse_kl": d.reverse_kullback_leibler,
        "pearson": d.pearson,
        "squared_hellinger": d.squared_hellinger,
        "jensen_shannon": lambda pair: 2 * d.jensen_shannon(pair),
        "gan": lambda pair: 2 * d.jensen_shannon(pair) - 2 * LOG_2,
    }
    bound = bounds.get(loss.name)
    return Law(
        logit=logits.get(loss.name),
        loss=None if bound is None else lambda pair: -bound(pair),
    )


LAWS: dict[type, Callable[[Any], Law]] = {
    Minimax: minimax,
    NonSaturating: non_saturating,
    LeastSquares: least_squares,
    Hinge: hinge,
    RelativisticPairing: relativistic_pairing,
    FDivergence: f_divergence,
}
