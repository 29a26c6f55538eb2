"""What every regularizer promises."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

Scorer = Callable[[Tensor], Tensor]
"""A discriminator with its labels, if any, already bound: samples (N, *shape) to logits (N,)."""


class Penalty(ABC):
    """A weighted scalar added to the discriminator's loss.

    Attributes:
        per_sample: Whether the formula needs each logit to depend on its own
            sample alone. Batch norm in the discriminator breaks that.
    """

    per_sample: bool = True

    @abstractmethod
    def __call__(self, discriminator: Scorer, real: Tensor, fake: Tensor) -> Tensor:
        """Return the weighted penalty, a scalar.

        Args:
            discriminator: Maps samples (N, *shape) to logits (N,).
            real: Real samples, shape (N, *shape).
            fake: Generated samples, shape (N, *shape), detached.
        """


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
