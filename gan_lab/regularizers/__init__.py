"""What keeps the players in bounds: penalties on their losses, constraints on their weights."""

from gan_lab.regularizers.base import Constraint, Penalty, Scorer, WeightPenalty
from gan_lab.regularizers.clipping import WeightClipping
from gan_lab.regularizers.gradient import (
    DRAGAN,
    R1,
    R1R2,
    R2,
    GradientPenalty,
    input_gradients,
)
from gan_lab.regularizers.logits import Consistency, LeCam
from gan_lab.regularizers.orthogonal import OrthogonalRegularization

__all__ = [
    "DRAGAN",
    "R1",
    "R1R2",
    "R2",
    "Consistency",
    "Constraint",
    "GradientPenalty",
    "LeCam",
    "OrthogonalRegularization",
    "Penalty",
    "Scorer",
    "WeightClipping",
    "WeightPenalty",
    "input_gradients",
]
