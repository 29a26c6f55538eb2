"""What a translated or reconstructed sample is to agree with."""

from typing import Literal, get_args

import torch
from torch import Tensor

from gan_lab.contracts import Sample, Term, Turn
from gan_lab.errors import LabError

Distance = Literal["l1", "l2", "charbonnier"]

CHARBONNIER = 1e-3
"""ε, below which Charbonnier's distance is smooth: LapSRN, section 3.3."""


class Reconstruction(Term):
    r"""The mean distance between what was made and what it should be, value by value.

    .. math:: E[|x - \hat x|], \qquad E[(x - \hat x)^2] \qquad \text{or} \qquad
        E[\sqrt{(x - \hat x)^2 + \epsilon^2}]

    References:
        Image-to-Image Translation with Conditional Adversarial Networks (Isola
        et al. 2017), equation 3, arXiv 1611.07004, with L1 and weight 100. Deep
        Laplacian Pyramid Networks for Fast and Accurate Super-Resolution (Lai et
        al. 2017), section 3.3, arXiv 1704.03915, for Charbonnier's distance.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        made: Key of what was made, among the round's generated samples or what else it made.
        target: Key of what it should be, among the real samples or what else was made.
        distance: "l1", "l2" or "charbonnier".
        where: Key of a mask (N, 1, ...), 1 where the distance counts: its mean is over those.

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
        where: str | None = None,
    ) -> None:
        super().__init__(weight, every)
        self.distance = require_distance(distance)
        self.made, self.target, self.where = made, target, where

    def forward(self, turn: Turn) -> Tensor:
        made = found(self.made, turn.round.made, turn.round.fake)
        target = found(self.target, turn.round.made, turn.round.real)
        values = distances(made.float() - target, self.distance)
        if self.where is None:
            return values.mean()
        mask = found(self.where, turn.round.made, turn.round.real).expand_as(values)
        return (values * mask).sum() / mask.sum().clamp(min=1)


def require_distance(distance: Distance) -> Distance:
    """Return ``distance``, or raise ValueError where there is no such."""
    if distance not in get_args(Distance):
        raise ValueError(f"distance must be {', '.join(get_args(Distance))}, got {distance!r}")
    return distance


def distances(difference: Tensor, kind: Distance) -> Tensor:
    """Return the distance of each value, shape as ``difference``."""
    if kind == "l1":
        return difference.abs()
    if kind == "l2":
        return difference.square()
    return torch.sqrt(difference.square() + CHARBONNIER**2)


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
