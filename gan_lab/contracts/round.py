"""What is passed around in a game: samples, rounds, verdicts, turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from torch import Tensor

if TYPE_CHECKING:
    from gan_lab.contracts.objective import AdversarialLoss
    from gan_lab.contracts.sides import Discriminator, Task

Sample = Mapping[str, Tensor]
"""Named tensors that share their first dimension; a minibatch is one."""

Report = dict[str, Tensor]
"""Detached tensors that a step leaves for whoever watches; nothing in it costs a device sync."""

Player = Literal["discriminator", "generator"]
PLAYERS: tuple[Player, Player] = ("discriminator", "generator")

Scorer = Callable[[Tensor], Tensor]
"""A discriminator of which all but the samples is bound: (N, *shape) to logits (N, ...)."""

NOTHING: Sample = MappingProxyType({})


class Round(NamedTuple):
    """What one minibatch becomes.

    Attributes:
        real: What is to be taken for real, with all that the discriminator reads beside it.
        fake: What is to be told from it, under the same keys.
        made: What else the task made, for terms alone: codes, cycles, log-probabilities.
    """

    real: Sample
    fake: Sample
    made: Sample = NOTHING

    def detach(self) -> Round:
        """Return the round without its graph, fakes in the precision of the real samples."""
        real = {name: tensor.detach() for name, tensor in self.real.items()}
        fake = {name: tensor.detach() for name, tensor in self.fake.items()}
        for name, tensor in fake.items():  # autocast may have drawn in half
            if name in real and tensor.is_floating_point():
                fake[name] = tensor.to(real[name].dtype)
        return Round(real, fake, {name: tensor.detach() for name, tensor in self.made.items()})


class Verdict(NamedTuple):
    """What a discriminator says of N samples.

    Attributes:
        logits: Of each head that judges, shape (N,), (N, ...) for patches, or (N / m,) for packs.
        heads: What else it says: features, class logits, recovered codes.
    """

    logits: Mapping[str, Tensor]
    heads: Sample = NOTHING


class Side(NamedTuple):
    """One kind of samples, (N, *shape), and the scorer that their labels are bound to."""

    scorer: Scorer
    samples: Tensor


@dataclass
class Turn:
    """A judged round, seen by the player whose turn it is: all that a term may look at.

    Attributes:
        player: Who is about to move.
        round: What was judged.
        real: The verdict on real samples; its logits are empty in the generator's turn, unless
            the loss or a term asks for them (``needs_real``).
        fake: The verdict on generated samples.
        task: The generating side.
        discriminator: The other.
        sides: Yields (real, fake) for each part of the discriminator: what penalties differentiate.
        report: What the step will have told; terms may add to it.
        loss: Both players' objectives, which know what a logit means.
    """

    player: Player
    round: Round
    real: Verdict
    fake: Verdict
    task: Task
    discriminator: Discriminator
    sides: Callable[[], Iterator[tuple[Side, Side]]] = lambda: iter(())
    report: Report = field(default_factory=dict)
    loss: AdversarialLoss | None = None
