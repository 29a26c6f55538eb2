"""The lab's game without a trainer: its objective and descents on two sides and two optimizers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import SGD, Optimizer

from gan_lab.contracts import (
    NOTHING,
    PLAYERS,
    AdversarialLoss,
    Descent,
    Discriminator,
    Player,
    Round,
    Rule,
    Sample,
    Task,
    Turn,
)
from gan_lab.descents import Plain, gradient
from gan_lab.game.judge import Judge
from gan_lab.game.module import named
from gan_lab.game.objective import generator_reads_real, judged, objective
from gan_lab.game.updates import held_fixed
from gan_lab.media import Image, Points

Places = Mapping[Player, Mapping[str, Tensor]]
"""Where the players stand: each one's parameters by name."""

STEP = partial(SGD, lr=0.1)


class BareGame(nn.Module):
    """Two sides, and what each minimises; a :class:`gan_lab.contracts.Game`.

    Args:
        task: The generating side.
        discriminator: The other.
        loss: Both players' objectives.
        terms: What players minimise beside it, and constraints.
        descent: How the players descend; plainly by default.
        discriminator_optimizer: Builds the discriminator's optimizer from its parameters.
        generator_optimizer: Builds the generator's.

    Raises:
        ValueError: If parts do not go together.
    """

    def __init__(
        self,
        task: Task,
        discriminator: Discriminator,
        loss: AdversarialLoss,
        terms: Sequence[Rule] = (),
        descent: Descent | None = None,
        discriminator_optimizer: Callable[..., Optimizer] = STEP,
        generator_optimizer: Callable[..., Optimizer] = STEP,
    ) -> None:
        super().__init__()
        self.task, self.discriminator, self.loss = task, discriminator, loss
        self.terms = named(terms)
        self.judge = Judge(discriminator, nn.ModuleDict())
        for rule in terms:
            rule.check(task, discriminator)
        self.home: Places = {
            "discriminator": moving("discriminator", discriminator),
            "generator": moving("task", task),
        }
        self.places: Places = self.home
        builders = zip(PLAYERS, (discriminator_optimizer, generator_optimizer), strict=True)
        self.optimizers: dict[Player, Optimizer] = {
            player: build(self.parameters_of(player))
            for player, build in builders
            if self.home[player]  # a generating side may be given
        }
        self.done: dict[Player, int] = dict.fromkeys(PLAYERS, 0)
        self.descent = descent or Plain()
        self.descent.prepare(self)

    def objective(self, player: Player, round: Round) -> tuple[Tensor, Turn]:
        """Return what a player minimises where the players stand, as in a real run."""
        if self.places is self.home:
            return cast(tuple[Tensor, Turn], self(player, round))
        return cast(tuple[Tensor, Turn], functional_call(self, self.everything(), (player, round)))

    def everything(self) -> dict[str, Tensor]:
        """Return both players' parameters by name."""
        return {**self.places["discriminator"], **self.places["generator"]}

    def forward(self, player: Player, round: Round) -> tuple[Tensor, Turn]:
        """Return what a player minimises."""
        reads_real = generator_reads_real(self.loss, self.terms.values())
        turn = judged(self.judge, self.task, player, round, reads_real)
        return objective(self.loss, self.terms, turn, self.updates), turn

    def updates(self, player: Player) -> int:
        """Return how many updates of a player there will have been after the present one."""
        return self.done[player] + 1

    def parameters_of(self, player: Player) -> list[Tensor]:
        """Return what a player moves."""
        return list(self.places[player].values())

    def fixed(self, player: Player) -> AbstractContextManager[None]:
        """Record no gradients for what a player moves."""
        return held_fixed(self.parameters_of(player))

    def play(self, batch: Sample) -> Round:
        """Let the task make a round of a minibatch, which a descent may want to see again."""
        self.played = batch, torch.get_rng_state()
        return cast(Round, self.task(batch))

    def replay(self) -> Round:
        """Play the last minibatch again, with the same random numbers and a graph."""
        batch, state = self.played
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.set_rng_state(state)
            return self.played_here(batch)

    def played_here(self, batch: Sample) -> Round:
        """Return what the generating side makes of a minibatch where it stands."""
        places = {name.removeprefix("task."): p for name, p in self.places["generator"].items()}
        return cast(Round, functional_call(self.task, places, (batch,)))

    @contextmanager
    def standing(self, places: Places) -> Iterator[None]:
        """Let the players stand elsewhere for a while; gradients pass to where that came from."""
        before, self.places = self.places, places
        try:
            yield
        finally:
            self.places = before

    @contextmanager
    def one_step_ahead(self) -> Iterator[None]:
        """Let both players stand one gradient step of their optimizers' rates ahead."""
        round = self.replay()
        ahead: dict[Player, dict[str, Tensor]] = {}
        for player in PLAYERS:
            rate = self.optimizers[player].param_groups[0]["lr"]
            down = gradient(self, player, self.objective(player, round)[0], True)
            steps = zip(self.places[player].items(), down, strict=True)
            ahead[player] = {name: place - rate * step for (name, place), step in steps}
        with self.standing(ahead):
            yield

    def minimise(self, player: Player, loss: Tensor, counted: bool = True) -> None:
        """Take one optimizer step down a loss."""
        self.optimizers[player].zero_grad()
        torch.autograd.backward(loss)
        self.optimizers[player].step()

    def move(self, player: Player, gradients: Sequence[Tensor]) -> None:
        """Take one optimizer step along given gradients."""
        for parameter, part in zip(self.parameters_of(player), gradients, strict=True):
            parameter.grad = part.detach()
        self.optimizers[player].step()

    def descend(self, player: Player, round: Round) -> Turn:
        """Move one player down its objective, and let rules act on what became of it."""
        turn: Turn = self.descent(self, player, round)
        self.done[player] += 1
        rules: list[Any] = [*self.terms.values(), self.loss]
        for rule in rules:
            rule.after_update(turn)
        return turn


def moving(prefix: str, side: nn.Module) -> dict[str, Tensor]:
    """Return what a side moves, named as in a game."""
    parameters = side.named_parameters(prefix=prefix)
    return {name: parameter for name, parameter in parameters if parameter.requires_grad}


class Drawn(Task):
    """A generating side that is one network, fed by a sampler.

    Args:
        generator: What is drawn to samples.
        draw: A number to that many inputs of the generator.
        shape: Of a sample.
    """

    def __init__(
        self, generator: nn.Module, draw: Callable[[int], Tensor], shape: Sequence[int]
    ) -> None:
        super().__init__()
        self.generator, self.draw = generator, draw
        self.medium = Points(shape) if len(shape) == 1 else Image(shape)

    def forward(self, batch: Sample) -> Round:
        """Draw as many samples as the minibatch has."""
        return Round(batch, self.sample(len(batch["x"])))

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        """Return samples."""
        return {"x": self.generator(self.draw(count))}
