"""Rulers for generated samples: pure functions, and the torchmetrics that accumulate for them."""

from gan_lab.metrics.base import FeatureMetric, LogitMetric, SampleMetric, shuffled
from gan_lab.metrics.bleu import BLEU, SelfBLEU, bleu
from gan_lab.metrics.chamfer import chamfer_distances, set_figures
from gan_lab.metrics.clip_features import FrameFeatures, ShapeMotionFeatures
from gan_lab.metrics.clips import (
    ColourDistance,
    ContentDistance,
    FrameConsistency,
    MotionRecognised,
    ShapeDistance,
    ShapeMotionAccuracy,
    ShapeRecognised,
    content_distance,
)
from gan_lab.metrics.clustering import cluster_accuracy, clustering_figures
from gan_lab.metrics.density_coverage import DensityCoverage, density_coverage, expected_coverage
from gan_lab.metrics.evaluation import Batch, Evaluation, seeded_batches
from gan_lab.metrics.features import (
    Activations,
    ClassifierFeatures,
    FeatureNetwork,
    RawFeatures,
)
from gan_lab.metrics.fid import FrechetDistance, frechet_distance
from gan_lab.metrics.fitting import left_out
from gan_lab.metrics.frame_fid import FrameFrechetDistance
from gan_lab.metrics.held_out import Held, held_out
from gan_lab.metrics.histogram import ClassHistogram, class_distance, divergence_from_uniform
from gan_lab.metrics.inception import InceptionFeatures
from gan_lab.metrics.inception_score import InceptionScore, inception_score
from gan_lab.metrics.kid import KernelDistance, kernel_distance
from gan_lab.metrics.likelihoods import HeldOutLikelihood, OracleLikelihood
from gan_lab.metrics.membership import Attack, attack, most_accuracy, most_separation
from gan_lab.metrics.memorization import Memorization, data_copying, rank_statistic
from gan_lab.metrics.modes import ModeCoverage, mode_coverage, mode_divergence, mode_shares
from gan_lab.metrics.neighbours import nearest
from gan_lab.metrics.per_class import (
    ClassAccuracy,
    CodeAccuracy,
    IntraClassFrechetDistance,
    LabelMetric,
)
from gan_lab.metrics.precision_recall import PrecisionRecall, precision_recall
from gan_lab.metrics.random_features import RandomFeatures
from gan_lab.metrics.recogniser import (
    intelligibility,
    mel_distance,
    recognise,
    word_error_rate,
)
from gan_lab.metrics.reference import Reference
from gan_lab.metrics.solid_features import SolidFeatures, VolumeFeatures
from gan_lab.metrics.solids import Occupancy, Pieces, SolidSets
from gan_lab.metrics.speech import SpokenDigitFeatures
from gan_lab.metrics.synthetic import SyntheticAccuracy
from gan_lab.metrics.texts import Distinct, RealWords, distinct
from gan_lab.metrics.tokens import TokenFeatures
from gan_lab.metrics.translations import fitting_network, measure, way_back
from gan_lab.metrics.trivial import trivial_methods
from gan_lab.metrics.two_sample import TwoSampleAccuracy, two_sample_accuracy

__all__ = [
    "BLEU",
    "Activations",
    "Attack",
    "Batch",
    "ClassAccuracy",
    "ClassHistogram",
    "ClassifierFeatures",
    "CodeAccuracy",
    "ColourDistance",
    "ContentDistance",
    "DensityCoverage",
    "Distinct",
    "Evaluation",
    "FeatureMetric",
    "FeatureNetwork",
    "FrameConsistency",
    "FrameFeatures",
    "FrameFrechetDistance",
    "FrechetDistance",
    "Held",
    "HeldOutLikelihood",
    "InceptionFeatures",
    "InceptionScore",
    "IntraClassFrechetDistance",
    "KernelDistance",
    "LabelMetric",
    "LogitMetric",
    "Memorization",
    "ModeCoverage",
    "MotionRecognised",
    "Occupancy",
    "OracleLikelihood",
    "Pieces",
    "PrecisionRecall",
    "RandomFeatures",
    "RawFeatures",
    "RealWords",
    "Reference",
    "SampleMetric",
    "SelfBLEU",
    "ShapeDistance",
    "ShapeMotionAccuracy",
    "ShapeMotionFeatures",
    "ShapeRecognised",
    "SolidFeatures",
    "SolidSets",
    "SpokenDigitFeatures",
    "SyntheticAccuracy",
    "TokenFeatures",
    "TwoSampleAccuracy",
    "VolumeFeatures",
    "attack",
    "bleu",
    "chamfer_distances",
    "class_distance",
    "cluster_accuracy",
    "clustering_figures",
    "content_distance",
    "data_copying",
    "density_coverage",
    "distinct",
    "divergence_from_uniform",
    "expected_coverage",
    "fitting_network",
    "frechet_distance",
    "held_out",
    "inception_score",
    "intelligibility",
    "kernel_distance",
    "left_out",
    "measure",
    "mel_distance",
    "mode_coverage",
    "mode_divergence",
    "mode_shares",
    "most_accuracy",
    "most_separation",
    "nearest",
    "precision_recall",
    "rank_statistic",
    "recognise",
    "seeded_batches",
    "set_figures",
    "shuffled",
    "trivial_methods",
    "two_sample_accuracy",
    "way_back",
    "word_error_rate",
]
