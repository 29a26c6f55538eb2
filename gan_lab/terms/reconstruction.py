"""What a translated or reconstructed sample is to agree with."""

from typing import Literal, get_args

from torch import Tensor

from gan_lab.contracts import Sample, Term, Turn
from gan_lab.errors import LabError

Distance = Literal["l1", "l2"]


class Reconstruction(Term):
    r"""The mean distance between what was made and what it should be, value by value.

    .. math:: E[|x - \hat x|^p], \qquad p = 1 \text{ or } 2

    References:
        Image-to-Image Translation with Conditional Adversarial Networks (Isola
        et al. 2017), equation 3, arXiv 1611.07004, with L1 and weight 100.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        made: Key of what was made, among the round's generated samples or what else it made.
        target: Key of what it should be, among the real samples or what else was made.
        distance: "l1" or "l2".

    Raises:
        ValueError: If a number is out of range or there is no such distance.
    """

    players = ("generator",)

    def __init__(
        self,
        weight: float = 100.0,
        every: int = 1,
        made: str = "x",
        target: str = "x",
        distance: Distance = "l1",
    ) -> None:
        super().__init__(weight, every)
        if distance not in get_args(Distance):
            raise ValueError(f"distance must be l1 or l2, got {distance!r}")
        self.made, self.target, self.distance = made, target, distance

    def forward(self, turn: Turn) -> Tensor:
        made = found(self.made, turn.round.made, turn.round.fake)
        target = found(self.target, turn.round.made, turn.round.real)
        difference = made.float() - target
        return (difference.abs() if self.distance == "l1" else difference.square()).mean()


def found(name: str, *places: Sample) -> Tensor:
    """Return the tensor called ``name`` in the first place that has it.

    Raises:
        LabError: If none has.
    """
    for place in places:
        if name in place:
            return place[name]
    known = sorted({key for place in places for key in place})
    raise LabError(f"this round has no {name}; it has {', '.join(known)}")
