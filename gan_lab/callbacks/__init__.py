"""Watchers of a run: none of them changes what is learnt."""

from gan_lab.callbacks.accuracy import TestAccuracy, TestClusters
from gan_lab.callbacks.anomaly import AnomalyDetection
from gan_lab.callbacks.checkpoints import Checkpoints, ConfigInCheckpoint
from gan_lab.callbacks.codes import TestCodes
from gan_lab.callbacks.compilation import Compilation
from gan_lab.callbacks.curves import TrainingCurves
from gan_lab.callbacks.density import DensityPanels
from gan_lab.callbacks.ema import EMA
from gan_lab.callbacks.evaluation import MetricEvaluation
from gan_lab.callbacks.finite import FiniteLoss
from gan_lab.callbacks.interruption import Interruption
from gan_lab.callbacks.neighbours import NearestNeighbours
from gan_lab.callbacks.privacy import PrivacyAccount
from gan_lab.callbacks.progress import StepProgress
from gan_lab.callbacks.provenance import Provenance
from gan_lab.callbacks.random_state import RandomState
from gan_lab.callbacks.returns import PolicyReturns
from gan_lab.callbacks.samples import SampleGrid
from gan_lab.callbacks.settings import ChangedSettings
from gan_lab.callbacks.summary import RunSummary
from gan_lab.callbacks.translation import TranslationMetrics, TranslationPanels

__all__ = [
    "EMA",
    "AnomalyDetection",
    "ChangedSettings",
    "Checkpoints",
    "Compilation",
    "ConfigInCheckpoint",
    "DensityPanels",
    "FiniteLoss",
    "Interruption",
    "MetricEvaluation",
    "NearestNeighbours",
    "PolicyReturns",
    "PrivacyAccount",
    "Provenance",
    "RandomState",
    "RunSummary",
    "SampleGrid",
    "StepProgress",
    "TestAccuracy",
    "TestClusters",
    "TestCodes",
    "TrainingCurves",
    "TranslationMetrics",
    "TranslationPanels",
]
