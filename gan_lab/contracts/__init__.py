"""What the parts of a game promise each other: whoever has read this room knows the house.

A :class:`Task` makes a :class:`Round` of a minibatch, a :class:`Discriminator` gives a
:class:`Verdict` on its samples, an :class:`AdversarialLoss` and :class:`Term` objects score the
:class:`Turn` of one player, and a :class:`Descent` takes the step.
"""

from gan_lab.contracts.descent import Descent, Game
from gan_lab.contracts.encoding import Encodes
from gan_lab.contracts.likelihood import Likelihood
from gan_lab.contracts.medium import Medium
from gan_lab.contracts.objective import AdversarialLoss, Rule, Term
from gan_lab.contracts.round import (
    NOTHING,
    PLAYERS,
    Player,
    Report,
    Round,
    Sample,
    Scorer,
    Side,
    Turn,
    Verdict,
)
from gan_lab.contracts.sides import Discriminator, Prior, Task
from gan_lab.contracts.translation import Direction, Translating

__all__ = [
    "NOTHING",
    "PLAYERS",
    "AdversarialLoss",
    "Descent",
    "Direction",
    "Discriminator",
    "Encodes",
    "Game",
    "Likelihood",
    "Medium",
    "Player",
    "Prior",
    "Report",
    "Round",
    "Rule",
    "Sample",
    "Scorer",
    "Side",
    "Task",
    "Term",
    "Translating",
    "Turn",
    "Verdict",
]
