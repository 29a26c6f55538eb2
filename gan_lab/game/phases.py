"""Training in phases: pixels first, the adversary then, in one run."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim import Optimizer

from gan_lab.contracts import PLAYERS, Player, Report, Term

if TYPE_CHECKING:
    from gan_lab.game.updates import Updates

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Phase:
    """Some steps of a run that are trained in a way of their own.

    Attributes:
        steps: How many; only the last phase may leave it open.
        terms: What players minimise beside the loss, by name; all there is where it is None.
        adversarial: Whether there is an adversary. Without it the generator alone is moved, by its
            terms, and nothing is judged.
        generator: Whether the generator moves. Where it does not, the discriminator alone learns to
            judge it; a step is counted all the same.
        generator_lr: The generator's learning rate; the optimizer's own where it is None.
        discriminator_lr: The discriminator's.

    Raises:
        ValueError: If a number is out of range.
    """

    steps: int | None = None
    terms: Sequence[str] | None = None
    adversarial: bool = True
    generator: bool = True
    generator_lr: float | None = None
    discriminator_lr: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps of a phase must be at least 1, got {self.steps}")
        if not (self.adversarial or self.generator):
            raise ValueError("a phase without an adversary needs a generator that learns")
        for player, rate in zip(PLAYERS, self.rates, strict=True):
            if rate is not None and not rate > 0:
                raise ValueError(f"{player}_lr of a phase must be positive, got {rate}")

    @property
    def rates(self) -> tuple[float | None, float | None]:
        """Both players' learning rates, in the order of the optimizers."""
        return self.discriminator_lr, self.generator_lr

    def has(self, term: str) -> bool:
        """Tell whether a term counts in this phase."""
        return self.terms is None or term in self.terms

    def own(self, terms: nn.ModuleDict) -> list[Term]:
        """Return the generator's terms that count in this phase."""
        return [
            term
            for name, term in terms.items()
            if isinstance(term, Term) and self.has(name) and "generator" in term.players
        ]


class Phases:
    """The phases of a run, one after the other; one for all of it where none is named.

    Each begins with optimizers that remember nothing, as a run of its own from the weights so far
    would, and at its own learning rates.

    Args:
        phases: By name, in their order; a mapping of :class:`Phase`'s attributes each. Nulls are
            left out.

    Raises:
        ValueError: If one is unsound, or one that is not the last has no number of steps.
    """

    def __init__(self, phases: Mapping[str, Any] | None = None) -> None:
        named = {name: phase for name, phase in (phases or {}).items() if phase is not None}
        self.named = {name: as_phase(name, phase) for name, phase in named.items()}
        *earlier, _ = [*self.named, None]
        for name in earlier[:-1]:
            if self.named[name].steps is None:
                raise ValueError(f"phases.{name} needs a number of steps, as it is not the last")

    def at(self, step: int) -> tuple[int, Phase, bool]:
        """Return the phase of a step, counted from 0: its number, itself, whether it begins there.

        The last goes on however many steps it has.
        """
        begins = 0
        for number, phase in enumerate(self.named.values()):
            last = number == len(self.named) - 1
            if last or phase.steps is None or step < begins + phase.steps:
                return number, phase, step == begins
            begins += phase.steps
        return 0, Phase(), False

    def enter(self, game: Updates, step: int) -> Phase:
        """Return the phase of a step, with the players' optimizers as it wants them."""
        number, phase, begins = self.at(step)
        if self.named:
            if begins:
                log.info("phase %s begins at step %d", list(self.named)[number], step)
            for player, rate in zip(PLAYERS, phase.rates, strict=True):
                optimizer = game.optimizer_of(player)
                if begins and number:
                    optimizer.state.clear()
                if any(known.rates != (None, None) for known in self.named.values()):
                    set_rate(optimizer, rate)
        return phase

    def told(self, step: int, device: torch.device) -> Report:
        """Return what curves show of the phases: the number of a step's, where there are any."""
        return {"phase": torch.tensor(self.at(step)[0], device=device)} if self.named else {}

    def moved(self, player: Player, step: int) -> bool:
        """Tell whether a player has moved in the phase of the last of so many steps."""
        return step > 0 and (player == "generator" or self.at(step - 1)[1].adversarial)

    def check(self, terms: nn.ModuleDict, scheduled: bool, replays: bool) -> None:
        """Raise ValueError where a phase does not go with the rest of a game.

        Args:
            terms: The game's, by name.
            scheduled: Whether learning rates follow a schedule.
            replays: Whether the descent plays minibatches again, for both players.
        """
        for name, phase in self.named.items():
            for term in phase.terms or ():
                if term not in terms:
                    raise ValueError(
                        f"phases.{name} names the term {term}; there are "
                        f"{', '.join(terms) or 'none'}"
                    )
            if not phase.adversarial:
                refuse_nothing_to_learn(name, phase, terms)
                if replays:
                    raise ValueError(f"phases.{name} has no adversary, which needs descent=plain")
            if scheduled and phase.rates != (None, None):
                raise ValueError(
                    f"phases.{name} has learning rates of its own, which a schedule would "
                    "overrule; use scheduler=none or leave them out"
                )


def refuse_nothing_to_learn(name: str, phase: Phase, terms: nn.ModuleDict) -> None:
    """Raise ValueError where a phase without an adversary has terms that read one, or none."""
    own = phase.own(terms)
    for rule in own:
        if rule.needs_heads:
            raise ValueError(
                f"phases.{name} has no adversary whose {rule.needs_heads[0]} "
                f"{type(rule).__name__} could read; name the other terms"
            )
    if not own:
        raise ValueError(
            f"phases.{name} has no adversary and no term of the generator's, so nothing would be "
            "learnt"
        )


def as_phase(name: str, phase: Mapping[str, Any] | Phase) -> Phase:
    """Return a phase of its attributes.

    Raises:
        ValueError: If there is another one among them, or one is out of range.
    """
    if isinstance(phase, Phase):
        return phase
    known = [field.name for field in dataclasses.fields(Phase)]
    for key in phase:
        if key not in known:
            raise ValueError(f"phases.{name} has no {key}; it takes {', '.join(known)}")
    return Phase(**phase)


def set_rate(optimizer: Optimizer, rate: float | None) -> None:
    """Give an optimizer a learning rate, or the one that it was built with."""
    value = optimizer.defaults["lr"] if rate is None else rate
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(value)
        else:
            group["lr"] = value
