"""What the parts of a player's objective promise."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from gan_lab.contracts.round import Player, Turn
from gan_lab.contracts.sides import Discriminator, Task


class AdversarialLoss(nn.Module, ABC):
    """Two players' objectives on raw logits.

    Both methods return a scalar mean that its player *minimises*. Logits have
    shape (N, ...); an output activation, where the theory has one, belongs to the
    loss and never to the discriminator. No method runs a backward pass.

    Attributes:
        needs_real: Whether the generator's objective reads real logits, as
            the relativistic losses do. Where it is False, ``real`` may be empty.
        divergence_name: What :meth:`divergence` estimates, with its units.
        real_threshold: The logit beyond which the discriminator says "real", or
            None for a critic, whose zero has no meaning.
        real_sign: 1 where larger logits say "real", -1 where smaller ones do.
    """

    needs_real: ClassVar[bool] = False
    divergence_name: str
    real_threshold: float | None = 0.0
    real_sign: int = 1

    def __init__(self) -> None:
        super().__init__()

    def margin(self, logits: Tensor) -> Tensor | None:
        """Return by how much each logit says "real", negative where it says "generated".

        None for a critic, whose logits alone say neither.
        """
        if self.real_threshold is None:
            return None
        return self.real_sign * (logits - self.real_threshold)

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the discriminator's loss, a scalar, from logits of shape (N, ...)."""

    @abstractmethod
    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the generator's loss, a scalar, from logits of shape (N, ...)."""

    @abstractmethod
    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the estimate of :attr:`divergence_name` that these logits give.

        It is exact when the discriminator is optimal, and otherwise a lower
        bound (in expectation over the batch).
        """

    def after_update(self, turn: Turn) -> None:
        """Do what follows a player's update, such as BEGAN's balance; nothing by default."""


class Rule(nn.Module, ABC):
    """Whatever acts after an update: constraints, adaptive augmentations, balances.

    Attributes:
        needs_margin: Whether it asks which logits say "real", which a critic's do not.
    """

    needs_margin: bool = False

    def check(self, task: Task, discriminator: Discriminator) -> None:
        """Raise ValueError where this does not go with a game's sides; all do by default."""

    def after_update(self, turn: Turn) -> None:
        """Do what follows a player's update; nothing by default."""


class Term(Rule):
    """What a player minimises beside the adversarial loss.

    It may be applied at every k-th update only, k times as strong: lazy regularisation.

    References:
        Analyzing and Improving the Image Quality of StyleGAN (Karras et al.
        2020), section 3.1, arXiv 1912.04958, for ``every``.

    Args:
        weight: Multiplies the formula, positive.
        every: The player's updates for each application, at least 1.

    Attributes:
        players: Whose objectives it belongs to.
        needs_real: Whether it reads the verdict on real samples in the generator's turn too.
        needs_fake: Whether it reads what the task made. Where none does of a phase without an
            adversary, nothing is made.
        needs_heads: Second heads that it reads.
        per_sample: Whether the formula needs each logit to depend on its own
            sample alone. Batch norm in the discriminator breaks that.

    Raises:
        ValueError: If a number is out of range.
    """

    players: tuple[Player, ...] = ("discriminator",)
    needs_real: bool = False
    needs_fake: bool = True
    needs_heads: tuple[str, ...] = ()
    per_sample: bool = False

    def __init__(self, weight: float = 1.0, every: int = 1) -> None:
        super().__init__()
        if not weight > 0:
            raise ValueError(f"weight must be positive, got {weight}")
        if every < 1:
            raise ValueError(f"every must be at least 1, got {every}")
        self.weight, self.every = weight, every

    @abstractmethod
    def forward(self, turn: Turn) -> Tensor:
        """Return the formula's value, a scalar, without the weight."""
