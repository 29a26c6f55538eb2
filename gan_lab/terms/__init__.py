"""What a player minimises beside the adversarial loss, and what acts after an update."""

from gan_lab.terms.acting import Cloning, ProximalPolicy
from gan_lab.terms.annealing import Annealing
from gan_lab.terms.base import Constraint, Penalty, Scorer, Side, Term, Turn, WeightPenalty
from gan_lab.terms.clipping import WeightClipping
from gan_lab.terms.consolidation import ElasticWeights
from gan_lab.terms.cycles import CycleConsistency, Identity
from gan_lab.terms.diversity import ModeSeeking, PullAway
from gan_lab.terms.features import (
    FeatureMatching,
    GaussianPrior,
    LearnedSimilarity,
    SelfReconstruction,
)
from gan_lab.terms.gradient import (
    DRAGAN,
    R1,
    R1R2,
    R2,
    GradientPenalty,
    GradientPower,
    input_gradients,
)
from gan_lab.terms.latents import MeanSquare
from gan_lab.terms.likelihood import MaximumLikelihood, PolicyGradient
from gan_lab.terms.logits import Consistency, LeCam
from gan_lab.terms.orthogonal import OrthogonalRegularization
from gan_lab.terms.path_length import PathLength
from gan_lab.terms.perceptual import Perceptual, Style
from gan_lab.terms.recognition import (
    Classification,
    CodeRecovery,
    DomainClassification,
    Information,
    TaskLoss,
)
from gan_lab.terms.reconstruction import Reconstruction
from gan_lab.terms.smoothness import TotalVariation
from gan_lab.terms.sounds import LayerMatching, MelDistance
from gan_lab.terms.sparsity import MaskSparsity
from gan_lab.terms.supervision import Sorting, Supervision

__all__ = [
    "DRAGAN",
    "R1",
    "R1R2",
    "R2",
    "Annealing",
    "Classification",
    "Cloning",
    "CodeRecovery",
    "Consistency",
    "Constraint",
    "CycleConsistency",
    "DomainClassification",
    "ElasticWeights",
    "FeatureMatching",
    "GaussianPrior",
    "GradientPenalty",
    "GradientPower",
    "Identity",
    "Information",
    "LayerMatching",
    "LeCam",
    "LearnedSimilarity",
    "MaskSparsity",
    "MaximumLikelihood",
    "MeanSquare",
    "MelDistance",
    "ModeSeeking",
    "OrthogonalRegularization",
    "PathLength",
    "Penalty",
    "Perceptual",
    "PolicyGradient",
    "ProximalPolicy",
    "PullAway",
    "Reconstruction",
    "Scorer",
    "SelfReconstruction",
    "Side",
    "Sorting",
    "Style",
    "Supervision",
    "TaskLoss",
    "Term",
    "TotalVariation",
    "Turn",
    "WeightClipping",
    "WeightPenalty",
    "input_gradients",
]
