"""The theory's questions, one short file each, with their figures."""

from gan_lab.theory.studies.critic_as_distance import CriticAsDistance
from gan_lab.theory.studies.dirac import Dirac
from gan_lab.theory.studies.divergences import Divergences
from gan_lab.theory.studies.equilibrium import Equilibrium
from gan_lab.theory.studies.game import Game
from gan_lab.theory.studies.mode_collapse import ModeCollapse
from gan_lab.theory.studies.occupancy import Occupancy
from gan_lab.theory.studies.perception_distortion import PerceptionDistortion
from gan_lab.theory.studies.vanishing_gradients import VanishingGradients

__all__ = [
    "CriticAsDistance",
    "Dirac",
    "Divergences",
    "Equilibrium",
    "Game",
    "ModeCollapse",
    "Occupancy",
    "PerceptionDistortion",
    "VanishingGradients",
]
