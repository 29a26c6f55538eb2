"""Which metrics fit a feature network and a generator."""

from collections.abc import Callable, Mapping
from typing import Any

from gan_lab.metrics.base import LogitMetric, SampleMetric
from gan_lab.metrics.features import FeatureNetwork
from gan_lab.metrics.likelihoods import HeldOutLikelihood
from gan_lab.metrics.per_class import ClassAccuracy, CodeAccuracy, LabelMetric
from gan_lab.metrics.reference import Reference

Builder = Callable[[Reference], SampleMetric]


def left_out(
    metrics: Mapping[str, Builder],
    network: FeatureNetwork,
    num_classes: int,
    labels_are_drawn: bool = False,
    knows_likelihood: bool = False,
) -> dict[str, list[str]]:
    """Return the metrics that say nothing here, by the reason why.

    Args:
        metrics: Builds each metric from a reference: a class or a partial of one.
        network: The feature network.
        num_classes: Classes that samples are made for, 0 where there are none.
        labels_are_drawn: Whether these are codes of the generator's own (InfoGAN), which stand for
            none of the data's classes by their number.
        knows_likelihood: Whether whoever made the samples can tell how likely others are.
    """
    none, others = not num_classes, num_classes and num_classes != network.num_classes
    unsuited: dict[str, Any] = {
        f"{network.name} features come from no classifier": LogitMetric
        if not network.num_classes
        else (),
        "the samples are not made for classes": (LabelMetric, CodeAccuracy) if none else (),
        "the classes are codes of the generator's own": LabelMetric if labels_are_drawn else (),
        "the classes are the data's": CodeAccuracy if not labels_are_drawn else (),
        f"{network.name} features know other classes than the generator's": (
            (ClassAccuracy, CodeAccuracy) if others else ()
        ),
    }
    if not knows_likelihood:
        unsuited["nobody tells how likely real samples are to whoever made these"] = (
            HeldOutLikelihood
        )
    found: dict[str, list[str]] = {}
    told: set[str] = set()
    for name, metric in metrics.items():
        for need in getattr(kind(metric), "needs", ()):
            if need not in network.tells and name not in told:
                found.setdefault(f"{network.name} features tell no {need}", []).append(name)
                told.add(name)
    for reason, kinds in unsuited.items():
        names = [n for n, m in metrics.items() if n not in told and issubclass(kind(m), kinds)]
        if names:
            found[reason] = names
            told.update(names)
    return found


def kind(metric: Builder) -> type:
    """Return the class that a builder builds, or object where that cannot be told."""
    found = getattr(metric, "func", metric)
    return found if isinstance(found, type) else object
