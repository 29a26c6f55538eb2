"""FID between single frames of clips."""

import torch
from torch import Tensor

from gan_lab.metrics.base import SampleMetric, require_samples
from gan_lab.metrics.features import Activations
from gan_lab.metrics.fid import fitted, frechet_distance, moments
from gan_lab.metrics.reference import Reference


class FrameFrechetDistance(SampleMetric):
    """FID between the features of single frames, from running sums; see ``FrechetDistance``.

    A clip of T frames counts T times, so that few clips give many, but alike, samples.

    Args:
        reference: The activations of real clips.
    """

    higher_is_better = False
    ideals = {"frame_fid": 0.0}
    needs = ("frames",)
    count: Tensor
    total: Tensor
    products: Tensor

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        size = reference.real.beside["frames"].shape[2]
        zeros = torch.zeros(size, size, dtype=torch.float64)
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("total", zeros[0].clone(), dist_reduce_fx="sum")
        self.add_state("products", zeros, dist_reduce_fx="sum")

    def update(self, generated: Activations) -> None:
        frames = generated.beside["frames"].flatten(0, 1).double()
        self.count += len(frames)
        self.total += frames.sum(0)
        self.products += frames.mT @ frames

    def compute(self) -> dict[str, Tensor]:
        real = self.reference.real.beside["frames"].flatten(0, 1).to(self.total.device)
        require_samples("frame_fid", "real", len(real), 2)
        require_samples("frame_fid", "generated", int(self.count), 2)
        made = moments(self.count, self.total, self.products)
        return {"frame_fid": frechet_distance(*fitted(real), *made)}
