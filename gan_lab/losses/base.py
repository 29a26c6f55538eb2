"""What every adversarial loss promises."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor


class AdversarialLoss(ABC):
    """Two players' objectives on raw logits.

    Both methods return a scalar mean that its player *minimises*. Logits have
    shape (N,); an output activation, where the theory has one, belongs to the
    loss and never to the discriminator. No method runs a backward pass.

    Attributes:
        needs_real: Whether the generator's objective reads real logits, as
            the relativistic losses do. Where it is False, ``real`` may be empty.
        divergence_name: What :meth:`divergence` estimates, with its units.
        real_threshold: The logit above which the discriminator says "real", or
            None for a critic, whose zero has no meaning.
    """

    needs_real: ClassVar[bool] = False
    divergence_name: str
    real_threshold: float | None = 0.0

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the discriminator's loss, a scalar, from logits of shape (N,)."""

    @abstractmethod
    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the generator's loss, a scalar, from logits of shape (N,)."""

    @abstractmethod
    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the estimate of :attr:`divergence_name` that these logits give.

        It is exact when the discriminator is optimal, and otherwise a lower
        bound (in expectation over the batch).
        """
