"""What translations between domains are to leave as it was."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from gan_lab.contracts import Term, Turn
from gan_lab.terms.reconstruction import Distance, distances, found, require_distance


class Agreement(Term):
    """The sum, over domains, of the mean distance between samples and what was made of them.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        distance: "l1", "l2" or "charbonnier".
        domains: Keys of the real samples.

    Raises:
        ValueError: If a number is out of range or there is no such distance.
    """

    players = ("generator",)
    made: ClassVar[str]
    """What the task calls a domain's samples that were made of its own, before the domain's key."""

    def __init__(
        self,
        weight: float,
        every: int = 1,
        distance: Distance = "l1",
        domains: Sequence[str] = ("a", "b"),
    ) -> None:
        super().__init__(weight, every)
        self.distance, self.domains = require_distance(distance), tuple(domains)

    def forward(self, turn: Turn) -> Tensor:
        parts = []
        for name in self.domains:
            made = found(f"{self.made}_{name}", turn.round.made)
            difference = made.float() - found(name, turn.round.real)
            parts.append(distances(difference, self.distance).mean())
        return torch.stack(parts).sum()


class CycleConsistency(Agreement):
    r"""What was translated there and back is to be what it was.

    .. math:: E_a[\|B(F(a)) - a\|_1] + E_b[\|F(B(b)) - b\|_1]

    References:
        Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks (Zhu et al.
        2017), equation 2, arXiv 1703.10593.

    Args:
        weight: Multiplies the formula, positive; 10 in the paper.
        every: See :class:`Term`.
        distance: See :class:`Agreement`.
        domains: See :class:`Agreement`.
    """

    made = "cycle"

    def __init__(
        self,
        weight: float = 10.0,
        every: int = 1,
        distance: Distance = "l1",
        domains: Sequence[str] = ("a", "b"),
    ) -> None:
        super().__init__(weight, every, distance, domains)


class Identity(Agreement):
    r"""What is of the target domain already is to stay as it is.

    .. math:: E_b[\|F(b) - b\|_1] + E_a[\|B(a) - a\|_1]

    References:
        Zhu et al. 2017, section 5.2, arXiv 1703.10593, with half the weight of the cycles.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        distance: See :class:`Agreement`.
        domains: See :class:`Agreement`.
    """

    made = "same"

    def __init__(
        self,
        weight: float = 5.0,
        every: int = 1,
        distance: Distance = "l1",
        domains: Sequence[str] = ("a", "b"),
    ) -> None:
        super().__init__(weight, every, distance, domains)
