"""Minibatches that hold each sample by a chance of its own."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gan_lab.contracts import Sample
from gan_lab.data.loader import BatchLoader, as_minibatches


class PoissonLoader(BatchLoader):
    r"""Steps whose minibatches hold each sample independently with the chance q.

    .. math:: q = \frac{\text{batch size}}{\text{samples}}

    So a minibatch may be larger or smaller, and even empty. This is how the accounts of private
    training want samples drawn. What a step holds is a function of the seed and the step's number
    alone; whoever knows the seed knows what was drawn, so that of a private run is no one's to
    know. An epoch is as many steps as a shuffled one has.

    References:
        Deep Learning with Differential Privacy (Abadi et al. 2016), section 3.1, arXiv 1607.00133.
    """

    def _step(self, index: Tensor) -> list[Sample]:
        return [self._minibatch(chosen) for chosen in self._chosen()]

    def _minibatch(self, index: Tensor) -> Sample:
        samples = self.samples[index.to(self.samples.device)].to(self.labels.device)
        others = {"label": self.labels[index.to(self.labels.device)]}
        (found,) = as_minibatches(samples, others, max(1, len(index)), self.medium)
        return found

    def _chosen(self) -> Iterator[Tensor]:
        from opacus.utils.uniform_sampler import UniformWithReplacementSampler

        # Where the loader stands names the step, of which there is one on the way from seed to end.
        number = self.epoch * len(self) + self.position
        drawn = UniformWithReplacementSampler(
            num_samples=len(self.samples),
            sample_rate=self.batch_size / len(self.samples),
            generator=torch.Generator().manual_seed(self.seed * 1_000_003 + number),
            steps=self.step_size // self.batch_size,
        )
        for index in drawn:
            yield torch.tensor(index, dtype=torch.long)
