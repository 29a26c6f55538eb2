"""The classes of generated samples, counted."""

import torch
from torch import Tensor

from gan_lab.metrics.base import LogitMetric, require_samples
from gan_lab.metrics.features import Activations
from gan_lab.metrics.reference import Reference


def class_distance(real: Tensor, generated: Tensor) -> Tensor:
    r"""Return the total variation :math:`\tfrac12 \sum_c |p_c - q_c|` of two histograms, in [0, 1].

    Args:
        real: Counts, shape (classes,), as ``generated``.
        generated: Counts.

    Example:
        >>> class_distance(torch.tensor([5, 5]), torch.tensor([20, 0])).item()
        0.5
    """
    return (real.double() / real.sum() - generated.double() / generated.sum()).abs().sum() / 2


def divergence_from_uniform(counts: Tensor) -> Tensor:
    r"""Return :math:`KL(q \,\|\, \text{uniform})` of a histogram in nats, in [0, log classes].

    At n samples from a uniform distribution over c classes it is about (c-1)/(2n).

    References:
        VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational
        Learning (Srivastava et al. 2017), section 4, arXiv 1705.07761.
    """
    q = counts.double() / counts.sum()
    return torch.xlogy(q, q * len(q)).sum()


class ClassHistogram(LogitMetric):
    """Which classes the generated samples fall into, by the feature network's own verdict.

    The real histogram is of the same network's verdicts on the real samples,
    so its mistakes are made alike on both sides. A class is covered by one sample,
    of whatever quality: read it beside ``smallest_class``, the least frequent class's
    share, ``class_divergence`` and the precision.

    Args:
        reference: The activations of real samples.
    """

    higher_is_better = False
    counts: Tensor

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.classes = self.logits(reference.real).shape[1]
        self.ideals = {
            "class_distance": 0.0,
            "class_divergence": 0.0,
            "classes_covered": float(self.classes),
            "smallest_class": 1 / self.classes,
        }
        self.bounds = ("smallest_class",)
        self.add_state("counts", torch.zeros(self.classes, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, generated: Activations) -> None:
        self.counts += self.count(generated)

    def count(self, samples: Activations) -> Tensor:
        """Return how many samples fall into each class, shape (classes,)."""
        return self.logits(samples).argmax(1).bincount(minlength=self.classes)

    def compute(self) -> dict[str, Tensor]:
        require_samples("class_distance", "generated", int(self.counts.sum()), 1)
        real = self.count(self.reference.real).to(self.counts.device)
        return {
            "class_distance": class_distance(real, self.counts),
            "class_divergence": divergence_from_uniform(self.counts),
            "classes_covered": (self.counts > 0).sum().double(),
            "smallest_class": self.counts.min() / self.counts.sum().double(),
        }
