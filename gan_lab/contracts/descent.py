"""What a way to descend promises, and what it sees of a game."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from torch import Tensor, nn

from gan_lab.contracts.round import Player, Round, Sample, Turn
from gan_lab.contracts.sides import Discriminator, Task


class Game(Protocol):
    """What a descent sees of a game, on the plane of theory as in a real run."""

    discriminator: Discriminator

    def objective(self, player: Player, round: Round) -> tuple[Tensor, Turn]:
        """Return what a player minimises, and the turn that it was read from."""

    def parameters_of(self, player: Player) -> list[Tensor]:
        """Return what a player moves."""

    def fixed(self, player: Player) -> AbstractContextManager[None]:
        """Record no gradients for what a player moves."""

    def replay(self) -> Round:
        """Play the present minibatch again, with the same random numbers and a graph."""

    def one_step_ahead(self) -> AbstractContextManager[None]:
        """Let both players stand, for a while, where a plain step would take them."""

    def minimise(self, player: Player, loss: Tensor, counted: bool = True) -> None:
        """Take one optimizer step down a loss, which may be counted as a step of the run."""

    def move(self, player: Player, gradients: Sequence[Tensor]) -> None:
        """Take one optimizer step along given gradients."""


class Descent(nn.Module, ABC):
    """How a player descends its objective.

    Attributes:
        replays: Whether it plays a minibatch more than once.
        needs_margin: Whether it asks which logits say "real", which a critic's do not.
        private: Whether it keeps an account of what real samples can be told by, which asks for
            samples drawn by chance.
    """

    replays: bool = False
    needs_margin: bool = False
    private: bool = False

    @abstractmethod
    def gradients(
        self, game: Game, player: Player, round: Round, differentiable: bool = False
    ) -> tuple[list[Tensor], Turn]:
        """Return the direction that the player's optimizer is given, a tensor a parameter."""

    def forward(self, game: Game, player: Player, round: Round) -> Turn:
        """Move the player once and return the turn it was read from."""
        gradients, turn = self.gradients(game, player, round)
        game.move(player, gradients)
        return turn

    def play(self, task: Task, minibatch: Sample) -> Round:
        """Let the task make a round of a minibatch."""
        round: Round = task(minibatch)
        return round

    def prepare(self, game: Game) -> None:
        """Make room for what is remembered between steps; nothing by default."""
