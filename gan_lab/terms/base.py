"""Kinds of terms: penalties on gradients or logits, penalties on weights, constraints."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import get_args

import torch
from torch import Tensor, nn

from gan_lab.contracts import Player, Rule, Scorer, Side, Term, Turn

__all__ = ["Constraint", "Penalty", "Player", "Scorer", "Side", "Term", "Turn", "WeightPenalty"]


class Penalty(Term):
    """A scalar of the discriminator's logits at, or around, real and generated samples."""

    per_sample = True

    def forward(self, turn: Turn) -> Tensor:
        """Return the sum of the penalties of all parts of the discriminator."""
        return total(self.penalty(real, fake) for real, fake in turn.sides())

    @abstractmethod
    def penalty(self, real: Side, fake: Side) -> Tensor:
        """Return the formula's value for one kind of logits, a scalar, without the weight.

        Args:
            real: Real samples (N, *shape) and what gives their logits.
            fake: Generated samples, detached, and what gives theirs.
        """


class WeightPenalty(Term):
    """A scalar of one side's weights, added to its player's loss.

    Args:
        weight: Multiplies the formula, positive.
        player: Whose weights.
        every: See :class:`Term`.

    Raises:
        ValueError: If ``weight`` is not positive or there is no such player.
    """

    def __init__(self, weight: float, player: Player = "discriminator", every: int = 1) -> None:
        super().__init__(weight, every)
        if player not in get_args(Player):
            raise ValueError(f"player must be one of {', '.join(get_args(Player))}, got {player!r}")
        self.player = player
        self.players = (player,)

    def forward(self, turn: Turn) -> Tensor:
        return self.penalty(turn.task if self.player == "generator" else turn.discriminator)

    @abstractmethod
    def penalty(self, network: nn.Module) -> Tensor:
        """Return the formula's value for ``network``'s weights, a scalar, without the weight."""


class Constraint(Rule):
    """A projection of the discriminator's weights, applied after each of its updates."""

    def after_update(self, turn: Turn) -> None:
        if turn.player == "discriminator":
            self.project(turn.discriminator)

    @abstractmethod
    def project(self, discriminator: nn.Module) -> None:
        """Project the weights of ``discriminator`` in place."""


def total(values: Iterable[Tensor]) -> Tensor:
    """Return the sum of scalars, of which there is at least one."""
    first, *others = values
    return first if not others else torch.stack([first, *others]).sum()


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
