"""The two players' objectives, one short file a family."""

from gan_lab.contracts import AdversarialLoss
from gan_lab.losses.boundary_seeking import BoundarySeeking
from gan_lab.losses.energies import BoundaryEquilibrium, EnergyMargin
from gan_lab.losses.f_divergence import F_DIVERGENCES, FDivergence
from gan_lab.losses.hinge import Hinge
from gan_lab.losses.least_squares import LeastSquares
from gan_lab.losses.minimax import Minimax, NonSaturating
from gan_lab.losses.mmd import MaximumMeanDiscrepancy
from gan_lab.losses.relativistic import RelativisticAverage, RelativisticPairing
from gan_lab.losses.softmax import Softmax
from gan_lab.losses.symmetric import Symmetric
from gan_lab.losses.wasserstein import Wasserstein

__all__ = [
    "F_DIVERGENCES",
    "AdversarialLoss",
    "BoundaryEquilibrium",
    "BoundarySeeking",
    "EnergyMargin",
    "FDivergence",
    "Hinge",
    "LeastSquares",
    "MaximumMeanDiscrepancy",
    "Minimax",
    "NonSaturating",
    "RelativisticAverage",
    "RelativisticPairing",
    "Softmax",
    "Symmetric",
    "Wasserstein",
]
