"""The 1-nearest-neighbour two-sample test."""

import torch
from torch import Tensor

from gan_lab.metrics.base import FeatureMetric, rearranged, share
from gan_lab.metrics.neighbours import nearest


def two_sample_accuracy(real: Tensor, generated: Tensor) -> Tensor:
    r"""Return how often a sample's nearest other sample is of its own kind.

    The leave-one-out accuracy of a 1-nearest-neighbour classifier of real
    against generated: :math:`(n-1)/(2n-1)` in expectation between equal
    distributions, 1 between separable ones, and below a half where generated
    samples sit closer to real ones than real ones to each other, as copies do.

    References:
        Revisiting Classifier Two-Sample Tests (Lopez-Paz and Oquab 2017), arXiv
        1610.06545. An empirical study on evaluation metrics of generative
        adversarial networks (Xu et al. 2018), arXiv 1806.07755.

    Args:
        real: Features, shape (n, d).
        generated: Features, shape (m, d). Of the larger set the first min(n, m) are taken.
    """
    n = min(len(real), len(generated))
    both = torch.cat([real[:n], generated[:n]])
    _, neighbour = nearest(both, both, leave_one_out=True)
    is_generated = torch.arange(2 * n, device=both.device) >= n
    return share(is_generated[neighbour[:, 0]] == is_generated)


class TwoSampleAccuracy(FeatureMetric):
    """The accuracy of a 1-nearest-neighbour test; see :func:`two_sample_accuracy`.

    Where there are more generated samples than real ones, a seeded random choice of them is taken.

    Args:
        reference: The activations of real samples.
    """

    higher_is_better = False
    ideals = {"two_sample_accuracy": 0.5}

    def compute(self) -> dict[str, Tensor]:
        real, generated = self.collected(at_least=1)
        if len(generated) > len(real):
            generated = rearranged(generated)
        return {"two_sample_accuracy": two_sample_accuracy(real, generated)}
