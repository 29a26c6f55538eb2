"""What clips are worth: whether content stays, and what is recognised."""

import torch
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from gan_lab.metrics.base import LogitMetric, SampleMetric, require_samples, share
from gan_lab.metrics.features import Activations
from gan_lab.metrics.per_class import LabelMetric
from gan_lab.metrics.reference import Reference

SURE = 0.9
"""Probability above which something counts as recognised."""


def content_distance(frames: Tensor) -> Tensor:
    r"""Return the average content distance of each clip.

    .. math:: \binom{T}{2}^{-1} \sum_{s < t} \|c_s - c_t\|

    References:
        MoCoGAN (Tulyakov et al. 2018), section 4, arXiv 1707.04993: mean Euclidean distance of all
        pairs of a clip's frames, of mean colours or of features.

    Args:
        frames: What each frame contains, shape (N, T, d), of two frames at least.

    Returns:
        Shape (N,); 0 where the content stays as it is.

    Example:
        >>> content_distance(torch.tensor([[[0.0], [3.0], [3.0]]]))
        tensor([2.], dtype=torch.float64)
    """
    count = frames.shape[1]
    pairs = torch.cdist(
        frames.double(), frames.double(), compute_mode="donot_use_mm_for_euclid_dist"
    )
    return pairs.sum((1, 2)) / (count * (count - 1))


def consistency(frames: Tensor) -> Tensor:
    """Return the mean cosine similarity of successive frames' features, (N,) of (N, T, d)."""
    similar = torch.cosine_similarity(frames[:, 1:].double(), frames[:, :-1].double(), dim=2)
    return similar.mean(1)


class MeanOverClips(SampleMetric):
    """A figure that is a mean over clips, from running sums."""

    figure: str
    total: Tensor
    count: Tensor

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.add_state("total", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def of_each(self, generated: Activations) -> Tensor:
        """Return the figure of each clip (N,)."""
        return content_distance(generated.beside[self.needs[0]])

    def update(self, generated: Activations) -> None:
        self.total += self.of_each(generated).sum()
        self.count += len(generated)

    def compute(self) -> dict[str, Tensor]:
        require_samples(self.figure, "generated", int(self.count), 1)
        return {self.figure: self.total / self.count}


class ContentDistance(MeanOverClips):
    """Average content distance of frames' features, which in real clips is that of their motion."""

    higher_is_better = False
    figure = "content_distance"
    ideals = {figure: 0.0}
    bounds = (figure,)
    needs = ("frames",)


class ColourDistance(MeanOverClips):
    """Average content distance of a shape's mean colour, from 0 to 255; 0 of real clips."""

    higher_is_better = False
    figure = "content_distance_colour"
    ideals = {figure: 0.0}
    needs = ("colours",)


class ShapeDistance(MeanOverClips):
    """Average content distance of the probabilities of shapes that each frame is given."""

    higher_is_better = False
    figure = "content_distance_shape"
    ideals = {figure: 0.0}
    needs = ("shapes",)


class FrameConsistency(MeanOverClips):
    """Mean cosine similarity of successive frames' features; 1 where nothing moves."""

    higher_is_better = True
    figure = "consistency"
    ideals = {figure: 1.0}
    bounds = (figure,)
    needs = ("frames",)

    def of_each(self, generated: Activations) -> Tensor:
        return consistency(generated.beside["frames"])


class MotionRecognised(MeanOverClips, LogitMetric):
    """The share of clips whose motion the classifier is sure of, whatever it is."""

    higher_is_better = True
    figure = "motion_recognised"
    ideals = {figure: 1.0}
    bounds = (figure,)
    needs = ("shapes",)

    def of_each(self, generated: Activations) -> Tensor:
        motions = self.logits(generated).softmax(1).reshape(-1, 2, 2).sum(2)
        return (motions.amax(1) > SURE).double()


class ShapeRecognised(MeanOverClips):
    """The share of clips in whose frames, all of them, the classifier is sure of the same shape."""

    higher_is_better = True
    figure = "shape_recognised"
    ideals = {figure: 1.0}
    bounds = (figure,)
    needs = ("shapes",)

    def of_each(self, generated: Activations) -> Tensor:
        sure = generated.beside["shapes"] > SURE
        return sure.all(1).any(1).double()


class ShapeMotionAccuracy(LabelMetric, LogitMetric):
    """How often a clip shows the motion, and the shape, that it was made for.

    Args:
        reference: The activations of real clips, with labels 2·motion + shape.

    Raises:
        ValueError: If the network does not know these four classes, or there are no labels.
    """

    higher_is_better = True
    ideals = {"motion_accuracy": 1.0, "shape_accuracy": 1.0}
    bounds = ("motion_accuracy", "shape_accuracy")
    needs = ("shapes",)
    hits: list[Tensor]

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.add_state("hits", [], dist_reduce_fx="cat")

    def update(self, generated: Activations) -> None:
        found, asked = self.logits(generated).argmax(1), self.labels(generated)
        hits = [found // 2 == asked // 2, found % 2 == asked % 2]
        self.hits.append(torch.stack(hits, dim=1))

    def compute(self) -> dict[str, Tensor]:
        hits: Tensor = dim_zero_cat(self.hits)
        require_samples("motion_accuracy", "generated", len(hits), 1)
        return {name: share(hits[:, place]) for place, name in enumerate(self.ideals)}
