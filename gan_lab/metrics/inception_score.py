"""The Inception Score of a data set's own classifier."""

import math

import torch
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from gan_lab.metrics.base import LogitMetric, rearranged, require_samples
from gan_lab.metrics.features import Activations
from gan_lab.metrics.reference import Reference


def inception_score(logits: Tensor, splits: int = 10) -> Tensor:
    r"""Return the score's mean over splits of the samples, in the order they come.

    .. math:: \exp\, E_x\, KL\bigl(p(y \mid x) \,\|\, p(y)\bigr) \in [1, \text{classes}]

    It never looks at real samples, nor at variety within a class.

    References:
        Improved Techniques for Training GANs (Salimans et al. 2016), section 4,
        arXiv 1606.03498.

    Args:
        logits: Shape (N, classes), N at least ``splits``.
        splits: Number of splits.

    Example:
        >>> inception_score(1000 * torch.eye(4), splits=1).item()
        4.0
    """
    log_p = logits.double().log_softmax(1)
    scores = []
    for part in log_p.tensor_split(splits):
        marginal = part.logsumexp(0) - math.log(len(part))
        scores.append((part.exp() * (part - marginal)).sum(1).mean().exp())
    return torch.stack(scores).mean()


class InceptionScore(LogitMetric):
    """The Inception Score with the feature network in Inception's place.

    The splits are of the samples in a seeded random order, not as they come: a folder that is
    sorted by class would score 1.

    Args:
        reference: The activations of real samples, which only name the classifier.
        splits: Number of splits.

    Raises:
        ValueError: If ``splits`` is not positive.
    """

    higher_is_better = True
    bounds = ("inception_score",)
    collected: list[Tensor]

    def __init__(self, reference: Reference, splits: int = 10) -> None:
        super().__init__(reference)
        if splits < 1:
            raise ValueError(f"splits must be at least 1, got {splits}")
        self.splits = splits
        self.ideals = {"inception_score": float(self.logits(reference.real).shape[1])}
        self.add_state("collected", [], dist_reduce_fx="cat")

    def update(self, generated: Activations) -> None:
        self.collected.append(self.logits(generated))

    def compute(self) -> dict[str, Tensor]:
        logits: Tensor = dim_zero_cat(self.collected)
        require_samples("inception_score", "generated", len(logits), self.splits)
        return {"inception_score": inception_score(rearranged(logits), self.splits)}
