"""What keeps the discriminator in bounds: penalties on its loss, constraints on its weights."""

from gan_lab.regularizers.base import Constraint, Penalty, Scorer
from gan_lab.regularizers.clipping import WeightClipping
from gan_lab.regularizers.gradient import R1, GradientPenalty, input_gradients

__all__ = [
    "R1",
    "Constraint",
    "GradientPenalty",
    "Penalty",
    "Scorer",
    "WeightClipping",
    "input_gradients",
]
