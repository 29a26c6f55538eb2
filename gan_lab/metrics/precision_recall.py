"""Improved precision and recall: fidelity and variety apart."""

from torch import Tensor

from gan_lab.metrics.base import FeatureMetric, require_neighbours, share
from gan_lab.metrics.neighbours import balls_around, radii
from gan_lab.metrics.reference import Reference


def precision_recall(real: Tensor, generated: Tensor, k: int = 3) -> tuple[Tensor, Tensor]:
    """Return the share of generated samples on the real manifold, and of real on the generated.

    A manifold is the union of balls around its samples, each reaching to the
    k-th nearest other sample.

    References:
        Improved Precision and Recall Metric for Assessing Generative Models
        (Kynkäänniemi et al. 2019), arXiv 1904.06991.

    Args:
        real: Features, shape (N, d), N above k.
        generated: Features, shape (M, d), M above k.
        k: Neighbours.
    """
    precision = share(balls_around(generated, real, radii(real, k)) > 0)
    recall = share(balls_around(real, generated, radii(generated, k)) > 0)
    return precision, recall


class PrecisionRecall(FeatureMetric):
    """Improved precision and recall; see :func:`precision_recall`.

    Args:
        reference: The activations of real samples.
        k: Neighbours, 3 in the paper.

    Raises:
        ValueError: If ``k`` is not positive.
    """

    higher_is_better = True
    bounds = ("precision", "recall")  # real samples lie outside of each other's manifolds too
    ideals = {"precision": 1.0, "recall": 1.0}

    def __init__(self, reference: Reference, k: int = 3) -> None:
        super().__init__(reference)
        self.k = require_neighbours(k)

    def compute(self) -> dict[str, Tensor]:
        precision, recall = precision_recall(*self.collected(at_least=self.k + 1), self.k)
        return {"precision": precision, "recall": recall}
