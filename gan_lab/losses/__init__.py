"""The two players' objectives, one short file a family."""

from gan_lab.losses.base import AdversarialLoss
from gan_lab.losses.hinge import Hinge
from gan_lab.losses.least_squares import LeastSquares
from gan_lab.losses.minimax import Minimax, NonSaturating
from gan_lab.losses.wasserstein import Wasserstein

__all__ = [
    "AdversarialLoss",
    "Hinge",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "Wasserstein",
]
