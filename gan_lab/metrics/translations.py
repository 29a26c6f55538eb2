"""What translations are worth: against the truth, against real samples, and there and back."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

from gan_lab.contracts import Medium, Sample, Translating
from gan_lab.errors import LabError
from gan_lab.metrics.features import FeatureNetwork
from gan_lab.metrics.held_out import Held
from gan_lab.metrics.pairs import absolute_error
from gan_lab.metrics.tally import Plain, Tally

Method = Callable[[Sample], Tensor]
"""Makes translations (N, C, H, W) of what is given, with the key ``source``."""

OF_FEATURES = "feature_distance", "fid", "class_accuracy"
"""Figures that say nothing without the name of the network."""


@torch.inference_mode()
def measure(
    methods: Mapping[str, Method],
    batches: Iterable[Held],
    network: FeatureNetwork | None = None,
    plain: Plain = lambda images: images,
    back: Method | None = None,
    classify: Plain | None = None,
) -> dict[str, dict[str, float]]:
    """Return the figures of several methods on the same held-out samples, and the truth's own.

    The latter, under "real", are those of the samples that are translated to: what the classifier
    reads of them, and 1 or 0 where methods are compared with them.

    Args:
        methods: What makes translations of sources, by name.
        batches: Held-out samples.
        network: Of features; None where none takes the images.
        plain: See :class:`Tally`.
        back: Translates back what the first method made, if something does.
        classify: The first method's own classifier of what is translated to, if it has one: images
            to logits.
    """
    tallies = {name: Tally(network, plain) for name in methods}
    real = Tally(network, plain)
    for held in batches:
        real.look(held.real, held.real_labels)
        if classify is not None:
            verdict = classify(held.real).argmax(1)
            tallies[next(iter(methods))].add("target_accuracy", verdict == held.real_labels)
        for place, (name, method) in enumerate(methods.items()):
            made = method(held.source)
            tallies[name].look(made, held.labels)
            if held.truth is not None:
                tallies[name].compare(made, held.truth)
            if back is not None and not place:
                again = back({"source": made})
                tallies[name].add("cycle_error", absolute_error(again, held.source["source"]))
    return {name: tally.figures(real) for name, tally in {**tallies, "real": real}.items()}


def way_back(task: Translating, direction: str | None) -> str | None:
    """Return the direction that leads back where ``direction`` comes from, if there is one."""
    ends = task.direction(direction)
    if ends.source == ends.target:
        return None
    return next((name for name, d in task.directions.items() if d == ends[::-1]), None)


def fitting_network(network: FeatureNetwork, medium: Medium) -> FeatureNetwork | None:
    """Return a feature network where it takes the samples of a medium, and None where not."""
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    try:
        network(torch.zeros(1, *medium.shape, device=device))
    except LabError:
        return None
    return network


def label(figure: str, direction: str, network: FeatureNetwork | None, count: int) -> str:
    """Return a figure's full name: "psnr/restore_1000", "fid/a_to_b_mnist_classifier_1000"."""
    if figure in OF_FEATURES and network is not None:
        return f"{figure}/{direction}_{network.name}_{count}"
    return f"{figure}/{direction}_{count}"
