"""What a handful of seeds allow one to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 9999


class Interval(NamedTuple):
    """Both ends of an interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Description:
    """One figure over several seeds.

    Attributes:
        count: How many seeds.
        mean: Their mean.
        deviation: Their sample standard deviation; None for one seed.
        interval: The 95 % bootstrap interval of the mean; None for one seed.
        interquartile_mean: The mean of the middle half.
    """

    count: int
    mean: float
    deviation: float | None
    interval: Interval | None
    interquartile_mean: float


def describe(values: Sequence[float]) -> Description:
    """Describe one figure over seeds.

    Raises:
        ValueError: If there is no value.
    """
    if not values:
        raise ValueError("there is no value to describe")
    return Description(
        count=len(values),
        mean=float(np.mean(values)),
        deviation=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        interval=mean_interval(values),
        interquartile_mean=interquartile_mean(values),
    )


def interquartile_mean(values: Sequence[float]) -> float:
    """Return the mean without the lowest and the highest quarter.

    References:
        Deep Reinforcement Learning at the Edge of the Statistical Precipice
        (Agarwal et al. 2021), section 4.3, arXiv 2108.13264.

    >>> interquartile_mean([0.0, 1.0, 2.0, 100.0])
    1.5
    """
    return float(stats.trim_mean(values, 0.25))


def mean_interval(values: Sequence[float], seed: int = 0) -> Interval | None:
    """Return the 95 % percentile bootstrap interval of the mean; None for fewer than two values."""
    if len(values) < 2:
        return None
    result = stats.bootstrap(
        (np.asarray(values),),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(result.low), float(result.high))


def probability_of_improvement(first: Sequence[float], second: Sequence[float]) -> float:
    r"""Return how likely a value of ``first`` is larger than one of ``second``.

    .. math:: P(X > Y) + \tfrac12 P(X = Y)

    References:
        Deep Reinforcement Learning at the Edge of the Statistical Precipice
        (Agarwal et al. 2021), section 4.3, arXiv 2108.13264.

    >>> probability_of_improvement([3.0, 2.0], [1.0, 2.0])
    0.875
    """
    return float(_share_above(np.asarray(first), np.asarray(second)))


def improvement_interval(
    first: Sequence[float], second: Sequence[float], seed: int = 0
) -> Interval | None:
    """Return the 95 % percentile bootstrap interval of :func:`probability_of_improvement`.

    None where either side has fewer than two values.
    """
    if min(len(first), len(second)) < 2:
        return None
    result = stats.bootstrap(
        (np.asarray(first), np.asarray(second)),
        _share_above,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(result.low), float(result.high))


def _share_above(
    first: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]",
    second: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]",
    axis: int = -1,
) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    x, y = np.moveaxis(first, axis, -1)[..., :, None], np.moveaxis(second, axis, -1)[..., None, :]
    share: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = np.mean(
        (x > y) + 0.5 * (x == y), axis=(-2, -1)
    )
    return share
