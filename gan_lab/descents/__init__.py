"""How a player descends, plainly or by the methods that theory proposes, and how fast."""

from gan_lab.contracts import Descent, Game
from gan_lab.descents.consensus import Consensus
from gan_lab.descents.decay import ConstantThenLinear
from gan_lab.descents.extragradient import Extragradient
from gan_lab.descents.gated import Gated
from gan_lab.descents.optimistic import Optimistic
from gan_lab.descents.plain import Plain, gradient
from gan_lab.descents.private import Private
from gan_lab.descents.proximal import Proximal

__all__ = [
    "Consensus",
    "ConstantThenLinear",
    "Descent",
    "Extragradient",
    "Game",
    "Gated",
    "Optimistic",
    "Plain",
    "Private",
    "Proximal",
    "gradient",
]
