"""What every metric promises."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from gan_lab.contracts import Task
from gan_lab.errors import LabError
from gan_lab.metrics.features import Activations
from gan_lab.metrics.reference import Reference


class SampleMetric(Metric, ABC):
    """Judges generated samples against real ones by their activations.

    The real ones are constant and the same in every process, so they are no
    state; the state holds generated samples alone, is gathered over processes
    by torchmetrics, and each sample counts once.

    Args:
        reference: The activations of real samples.

    Attributes:
        ideals: The metric's figures, and the value of each that a perfect generator reaches
            in expectation; towards it is better.
        bounds: The figures whose ideal is an upper bound that real samples stay below, by how much
            depending on data and features: what they score (the floor) is the number to reach.
        of_task: Whether the figures are the generating side's own, and of no samples; real samples
            have none then.
        needs: What the feature network must tell of a sample beside features and logits.
        reads_samples: Whether it looks at the samples themselves too.
    """

    is_differentiable = False
    full_state_update = False
    ideals: dict[str, float]
    bounds: tuple[str, ...] = ()
    of_task: bool = False
    needs: tuple[str, ...] = ()
    reads_samples: bool = False

    def __init__(self, reference: Reference) -> None:
        super().__init__()
        self.reference = reference
        for name in self.needs:
            if name not in reference.real.beside:
                raise ValueError(
                    f"{type(self).__name__} needs the {name} of samples, which the "
                    f"{reference.network} features do not tell; leave it out or choose others"
                )

    def look_at(self, task: Task | None) -> None:
        """Take note of whose samples will come, None where nobody knows; nothing by default."""

    @abstractmethod
    def update(self, generated: Activations) -> None:
        """Take in a batch of generated samples."""

    @abstractmethod
    def compute(self) -> dict[str, Tensor]:
        """Return the figures, each a scalar, by name."""


class FeatureMetric(SampleMetric):
    """A metric that needs the features of all generated samples at once.

    Its memory grows with their number: 256 bytes a sample at 64 features.
    """

    features: list[Tensor]

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.add_state("features", [], dist_reduce_fx="cat")

    def update(self, generated: Activations) -> None:
        self.features.append(generated.features)

    def collected(self, at_least: int) -> tuple[Tensor, Tensor]:
        """Return the real features and all generated ones.

        Raises:
            LabError: If either are fewer than ``at_least``.
        """
        generated: Tensor = dim_zero_cat(self.features)
        real = self.reference.real.features.to(generated.device)
        for name, features in [("real", real), ("generated", generated)]:
            require_samples(type(self).__name__, name, len(features), at_least)
        return real, generated


class LogitMetric(SampleMetric):
    """A metric of a classifier's logits.

    Raises:
        ValueError: If the feature network does not classify.
    """

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        if reference.real.logits is None:
            raise ValueError(
                f"{type(self).__name__} needs a classifier, and the {reference.network} features "
                "are none; leave the metric out or choose other features"
            )

    @staticmethod
    def logits(activations: Activations) -> Tensor:
        """Return the logits (N, classes), which a classifier's activations always have."""
        assert activations.logits is not None
        return activations.logits


def require_samples(metric: str, which: str, count: int, at_least: int) -> None:
    """Raise LabError where there are too few samples for a metric to be defined."""
    if count < at_least:
        raise LabError(
            f"{metric} needs at least {at_least} {which} samples, got {count}; raise num_samples"
        )


def require_neighbours(k: int) -> int:
    """Return ``k``, or raise ValueError where it is not a positive integer."""
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    return k


def shuffled(count: int, seed: int) -> Tensor:
    """Return a permutation of ``count`` indices that depends on ``seed`` alone.

    Wherever some of the samples are taken, it is in this order, never as they come: files in the
    order of their names are often sorted by class.
    """
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def rearranged(rows: Tensor, seed: int = 0) -> Tensor:
    """Return rows (N, d) in a random order that depends on them and ``seed`` alone.

    However they came, from a sorted folder or from several processes, it is the same.
    """
    _, places = rows.unique(dim=0, return_inverse=True)  # type: ignore[no-untyped-call]
    ascending = places.argsort(stable=True)
    return rows[ascending[shuffled(len(rows), seed).to(rows.device)]]


def share(flags: Tensor) -> Tensor:
    """Return the share of flags that are set, in double precision."""
    return flags.to(torch.float64).mean()
