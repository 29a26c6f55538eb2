"""What every regularizer promises."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal, get_args

from torch import Tensor, nn

Scorer = Callable[[Tensor], Tensor]
"""A discriminator with its labels, if any, already bound: samples (N, *shape) to logits (N,)."""


Player = Literal["discriminator", "generator"]


class Penalty(ABC):
    """A weighted scalar added to the discriminator's loss.

    Whoever trains may apply it at every k-th update only, k times as strong:
    lazy regularisation.

    References:
        Analyzing and Improving the Image Quality of StyleGAN (Karras et al.
        2020), section 3.1, arXiv 1912.04958, for ``every``.

    Args:
        weight: Multiplies the formula, positive.
        every: Discriminator updates for each application, at least 1.

    Attributes:
        per_sample: Whether the formula needs each logit to depend on its own
            sample alone. Batch norm in the discriminator breaks that.

    Raises:
        ValueError: If a number is out of range.
    """

    per_sample: bool = True

    def __init__(self, weight: float, every: int = 1) -> None:
        super().__init__()
        self.weight = require_positive("weight", weight)
        if every < 1:
            raise ValueError(f"every must be at least 1, got {every}")
        self.every = every

    @abstractmethod
    def __call__(self, discriminator: Scorer, real: Tensor, fake: Tensor) -> Tensor:
        """Return the weighted penalty, a scalar.

        Args:
            discriminator: Maps samples (N, *shape) to logits (N,).
            real: Real samples, shape (N, *shape).
            fake: Generated samples, shape (N, *shape), detached.
        """


class WeightPenalty(ABC):
    """A weighted scalar of one network's weights, added to its player's loss.

    Args:
        weight: Multiplies the formula, positive.
        player: Whose weights.

    Raises:
        ValueError: If ``weight`` is not positive or there is no such player.
    """

    def __init__(self, weight: float, player: Player = "discriminator") -> None:
        self.weight = require_positive("weight", weight)
        if player not in get_args(Player):
            raise ValueError(f"player must be one of {', '.join(get_args(Player))}, got {player!r}")
        self.player = player

    @abstractmethod
    def __call__(self, network: nn.Module) -> Tensor:
        """Return the weighted penalty of ``network``'s weights, a scalar."""


class Constraint(ABC):
    """A projection of the discriminator's weights, applied after each of its updates."""

    @abstractmethod
    def __call__(self, discriminator: nn.Module) -> None:
        """Project the weights of ``discriminator`` in place."""


def require_positive(name: str, value: float) -> float:
    """Return ``value``, or raise ValueError where it is not positive."""
    if not value > 0:
        raise ValueError(f"{name} must be positive, got {value}")
    return value


def require_not_negative(name: str, value: float) -> float:
    """Return ``value``, or raise ValueError where it is negative or not a number."""
    if not value >= 0:
        raise ValueError(f"{name} must not be negative, got {value}")
    return value
