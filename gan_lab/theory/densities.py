"""Probability distributions whose densities are known: on the line and on atoms."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

Interval = tuple[float, float]


class Density(ABC):
    """A density on the line, in double precision.

    Attributes:
        kinks: Where the density is not smooth; quadrature puts panel edges there.
        bulk: An interval outside of which the mass is negligible (below 1e-30).
    """

    kinks: tuple[float, ...] = ()
    bulk: Interval

    @abstractmethod
    def log_prob(self, x: Tensor) -> Tensor:
        """Return the log density at ``x``, of any shape; -inf outside the support."""

    @abstractmethod
    def cdf(self, x: Tensor) -> Tensor:
        """Return the probability of values up to ``x``."""

    @abstractmethod
    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return ``count`` independent draws, shape (count,)."""


class Gaussian(Density):
    """The normal distribution.

    Args:
        mean: Its centre.
        scale: Its standard deviation, positive.

    Raises:
        ValueError: If ``scale`` is not positive or a number is not finite.
    """

    def __init__(self, mean: float = 0.0, scale: float = 1.0) -> None:
        self.mean, self.scale = require_location(mean), require_scale(scale)
        self.bulk = mean - 12 * scale, mean + 12 * scale

    def log_prob(self, x: Tensor) -> Tensor:
        z = (x - self.mean) / self.scale
        return -z.square() / 2 - math.log(self.scale * math.sqrt(2 * math.pi))

    def cdf(self, x: Tensor) -> Tensor:
        probability: Tensor = torch.special.ndtr((x - self.mean) / self.scale)
        return probability

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        noise = torch.randn(count, generator=generator, dtype=torch.float64)
        return self.mean + self.scale * noise


class Laplace(Density):
    """The double exponential distribution.

    Args:
        mean: Its centre.
        scale: b in exp(-|x - mean| / b) / (2b), positive.

    Raises:
        ValueError: If ``scale`` is not positive or a number is not finite.
    """

    def __init__(self, mean: float = 0.0, scale: float = 1.0) -> None:
        self.mean, self.scale = require_location(mean), require_scale(scale)
        self.kinks = (mean,)
        self.bulk = mean - 72 * scale, mean + 72 * scale

    def log_prob(self, x: Tensor) -> Tensor:
        return -(x - self.mean).abs() / self.scale - math.log(2 * self.scale)

    def cdf(self, x: Tensor) -> Tensor:
        z = (x - self.mean) / self.scale
        tail = torch.exp(-z.abs()) / 2
        return torch.where(z < 0, tail, 1 - tail)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        signed = 2 * torch.rand(count, generator=generator, dtype=torch.float64) - 1
        return self.mean - self.scale * signed.sign() * torch.log1p(-signed.abs())


class Uniform(Density):
    """The uniform distribution on an interval, for supports that do not meet.

    Args:
        low: Where the support starts.
        high: Where it ends, above ``low``.

    Raises:
        ValueError: If ``high`` is not above ``low`` or a number is not finite.
    """

    def __init__(self, low: float = 0.0, high: float = 1.0) -> None:
        self.low, self.high = require_location(low), require_location(high)
        if not high > low:
            raise ValueError(f"high must be above low, got low={low}, high={high}")
        self.kinks = low, high
        self.bulk = low, high

    def log_prob(self, x: Tensor) -> Tensor:
        inside = (x >= self.low) & (x <= self.high)
        height = torch.full_like(x, -math.log(self.high - self.low))
        return torch.where(inside, height, -torch.inf)

    def cdf(self, x: Tensor) -> Tensor:
        return ((x - self.low) / (self.high - self.low)).clamp(0, 1)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        share = torch.rand(count, generator=generator, dtype=torch.float64)
        return self.low + (self.high - self.low) * share


class Mixture(Density):
    """A weighted sum of densities.

    Args:
        components: At least one density.
        weights: One for each component, not negative, summing to 1; equal if not given.

    Raises:
        ValueError: If the weights are not a distribution over the components.
    """

    def __init__(
        self, components: Sequence[Density], weights: Sequence[float] | None = None
    ) -> None:
        if not components:
            raise ValueError("a mixture needs at least one component, got none")
        if weights is None:
            weights = [1 / len(components)] * len(components)
        self.components = list(components)
        self.weights = require_distribution("mixture weights", weights, len(components))
        self.kinks = tuple(kink for part in components for kink in part.kinks)
        self.bulk = (
            min(part.bulk[0] for part in components),
            max(part.bulk[1] for part in components),
        )

    def log_prob(self, x: Tensor) -> Tensor:
        parts = torch.stack([part.log_prob(x) for part in self.components], dim=-1)
        return torch.logsumexp(parts + self.weights.log(), dim=-1)

    def cdf(self, x: Tensor) -> Tensor:
        return torch.stack([part.cdf(x) for part in self.components], dim=-1) @ self.weights

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        draws = torch.stack([part.sample(count, generator) for part in self.components])
        return draws[chosen, torch.arange(count)]


class Discrete:
    """Probabilities on finitely many atoms of the line.

    Args:
        probabilities: Not negative, summing to 1.
        points: Where the atoms lie, all different; 0, 1, 2, ... if not given.

    Raises:
        ValueError: If the probabilities are not a distribution or the points do not fit.
    """

    def __init__(
        self, probabilities: Sequence[float], points: Sequence[float] | None = None
    ) -> None:
        if points is None:
            points = range(len(probabilities))
        if len(set(points)) != len(points):
            raise ValueError(f"points must all be different, got {list(points)}")
        self.probabilities = require_distribution(
            "discrete probabilities", probabilities, len(points)
        )
        self.points = torch.tensor(
            [require_location(point) for point in points], dtype=torch.float64
        )

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return ``count`` independent draws, shape (count,)."""
        chosen = torch.multinomial(self.probabilities, count, replacement=True, generator=generator)
        return self.points[chosen]


def require_location(value: float) -> float:
    """Return ``value``, or raise ValueError where it is not finite."""
    if not math.isfinite(value):
        raise ValueError(f"a location must be finite, got {value}")
    return float(value)


def require_scale(value: float) -> float:
    """Return ``value``, or raise ValueError where it is not positive and finite."""
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"scale must be positive, got {value}")
    return float(value)


def require_distribution(name: str, values: Sequence[float], length: int) -> Tensor:
    """Return ``values`` as a tensor, or raise ValueError where they are no distribution."""
    weights = torch.tensor(list(values), dtype=torch.float64)
    if len(weights) != length or length == 0:
        raise ValueError(f"{name} must be one for each of {length}, got {len(weights)}")
    if not bool((weights >= 0).all()):
        raise ValueError(f"{name} must not be negative, got {list(values)}")
    total = float(weights.sum())
    if not abs(total - 1) < 1e-6:
        raise ValueError(f"{name} must sum to 1, got a sum of {total:g}")
    return weights / total
