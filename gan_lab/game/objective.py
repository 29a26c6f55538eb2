"""What a player minimises, put together from its parts: alike in real runs and in theory."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gan_lab.contracts import (
    AdversarialLoss,
    Discriminator,
    Player,
    Round,
    Rule,
    Task,
    Term,
    Turn,
    Verdict,
)
from gan_lab.game.judge import Judge

HALVES = torch.float16, torch.bfloat16


def unjudged(discriminator: Discriminator, task: Task, player: Player, round: Round) -> Turn:
    """Return what a player's objective reads of a round that no adversary looks at."""
    return Turn(player, round, Verdict({}), Verdict({}), task, discriminator)


def judged(judge: Judge, task: Task, player: Player, round: Round, reads_real: bool) -> Turn:
    """Return what a player's objective reads of a round.

    Args:
        judge: Samples to verdicts.
        task: The generating side.
        player: Whose turn it is.
        round: What is judged.
        reads_real: Whether the generator's objective needs a verdict on real samples.
    """
    if player == "discriminator":
        real, fake = judge.both(round)
    else:
        fake = judge(round.fake)
        empty = Verdict({name: logits[:0] for name, logits in fake.logits.items()})
        real = judge(round.real) if reads_real else empty
    turn = Turn(player, round, real, fake, task, judge.discriminator)
    turn.sides = lambda: judge.sides(round)
    if player == "discriminator":
        for kind, verdict in (("real", real), ("fake", fake)):
            for name, logits in verdict.logits.items():
                key = f"logits/{kind}" if len(verdict.logits) == 1 else f"logits/{kind}/{name}"
                turn.report[key] = logits.detach()
    return turn


def objective(
    loss: AdversarialLoss,
    terms: Mapping[str, nn.Module] | nn.ModuleDict,
    turn: Turn,
    updates: Callable[[Player], int],
    adversarial_weight: float = 1.0,
) -> Tensor:
    """Return what the turn's player minimises: the loss of each kind of logits, then its terms.

    Args:
        loss: Both players' objectives.
        terms: By name; what is no term, or another player's, is left out.
        turn: What they read; the parts' values are added to its report.
        updates: How many updates a player will have had after the present one.
        adversarial_weight: Multiplies the loss in the generator's objective.
    """
    player = turn.player
    turn.loss = loss
    formula = loss.discriminator if player == "discriminator" else loss.generator
    adversarial: Any = 0.0
    for name, fake in turn.fake.logits.items():
        adversarial = adversarial + formula(in_full(turn.real.logits[name]), in_full(fake))
    if turn.fake.logits:
        turn.report[f"loss/{player}"] = adversarial.detach()
    value: Tensor = adversarial
    if player == "generator" and adversarial_weight != 1:
        value = adversarial_weight * adversarial
    for name, term in terms.items():
        if not isinstance(term, Term) or player not in term.players:
            continue
        if updates(player) % term.every == 0:  # rarely, and as much stronger
            part = term.every * (term.weight * term(turn))
            turn.report[f"term/{name}"] = part.detach()
            value = value + part
    return value


def generator_reads_real(loss: AdversarialLoss, rules: Iterable[Rule | nn.Module]) -> bool:
    """Whether the generator's objective needs a verdict on real samples."""
    terms = [rule for rule in rules if isinstance(rule, Term)]
    return loss.needs_real or any(t.needs_real and "generator" in t.players for t in terms)


def in_full(logits: Tensor) -> Tensor:
    """Return logits in single precision, or in double where they are."""
    return logits.float() if logits.dtype in HALVES else logits
