"""One set of real samples, one feature network, one count: what makes numbers compare."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

import torch
from torch import Tensor

from gan_lab.contracts import Task
from gan_lab.errors import LabError
from gan_lab.media import to_bytes
from gan_lab.metrics.base import SampleMetric, shuffled
from gan_lab.metrics.features import Activations, FeatureNetwork, activations
from gan_lab.metrics.reference import Reference

Figures = dict[str, float]
T = TypeVar("T")
Batch = tuple[Tensor, Tensor | None]
"""Samples (n, *shape), uint8 or float in [-1, 1], and the classes (n,) they were made for, if any.
"""


class Evaluation:
    """Measures samples with a list of metrics, always against the same real ones.

    As many real samples as generated ones are compared, at most all there are.

    Args:
        network: The feature network, on the device that does the work.
        metrics: Builds each metric from a reference.
        real: Activations of the samples to compare with, of a split that
            generators never see.
        train: Activations of the samples that generators are trained on.
        num_samples: Samples to be measured.
        seed: Of the choice among the real samples.
        few: Whether training samples are meant to be few, so that none may be left for a floor.

    Raises:
        ValueError: If a metric needs a classifier and the network is none, or
            ``num_samples`` is not positive.
    """

    def __init__(
        self,
        network: FeatureNetwork,
        metrics: Mapping[str, Callable[[Reference], SampleMetric]],
        real: Activations,
        train: Activations,
        num_samples: int = 10_000,
        seed: int = 0,
        few: bool = False,
    ) -> None:
        if num_samples < 1:
            raise ValueError(f"num_samples must be at least 1, got {num_samples}")
        self.network = network
        self.num_samples = num_samples
        self.seed, self.few = seed, few
        self.real, self.train = real, train
        chosen = real[shuffled(len(real), seed)[:num_samples]]
        self.reference = Reference(chosen, train, network.name, num_samples, (real, train))
        self._build = metrics
        self._metrics = [build(self.reference) for build in metrics.values()]

    @property
    def ideals(self) -> Figures:
        """The figures' names and what a perfect generator reaches, or cannot exceed."""
        return {name: ideal for metric in self._metrics for name, ideal in metric.ideals.items()}

    @property
    def bounds(self) -> set[str]:
        """The figures whose ideal no generator reaches; the floor says what real samples do."""
        return {name for metric in self._metrics for name in metric.bounds}

    def label(self, figure: str, num_samples: int | None = None) -> str:
        """Return the figure's full name, such as "fid/mnist_classifier_10000"."""
        return f"{figure}/{self.network.name}_{num_samples or self.num_samples}"

    def at(self, num_samples: int) -> "Evaluation":
        """Return the same evaluation with another number of samples; itself where it has it."""
        if num_samples == self.num_samples:
            return self
        build, seed = self._build, self.seed
        return Evaluation(self.network, build, self.real, self.train, num_samples, seed, self.few)

    @torch.inference_mode()
    def __call__(self, batches: Iterable[Batch | Tensor], task: Task | None = None) -> Figures:
        """Return every metric's figures for generated samples.

        Under several processes each gives its own share of the samples, and
        each receives the figures of them all.

        Args:
            batches: Samples, or pairs of samples and the labels they were made for.
            task: Whose they are, where that is known.

        Raises:
            LabError: If there are too few samples, or they are not finite.
        """
        device = next((p.device for p in self.network.parameters()), torch.device("cpu"))
        for metric in self._metrics:
            metric.reset()
            metric.to(device)
            metric.look_at(task)
        for batch in batches:
            samples, labels = batch if isinstance(batch, tuple) else (batch, None)
            made = replace(activations(self.network, samples.to(device)), labels=labels).to(device)
            if any(metric.reads_samples for metric in self._metrics):
                made = replace(made, samples=stored(samples).to(device))
            for metric in self._metrics:
                metric.update(made)
        return compute(self._metrics)

    @cached_property
    def floor(self) -> Figures:
        """What real training samples score: the best that a generator can do without copying.

        Figures of a generating side alone are not among them.

        They are left out of the training set that memorisation is judged by. Nothing, where these
        are few on purpose and none is left.
        """
        order = shuffled(len(self.train), self.seed)
        sampled, rest = order[: self.num_samples], order[self.num_samples :]
        if not len(rest):
            if self.few:
                return {}
            raise LabError(
                f"the floor needs more than num_samples={self.num_samples} training samples, "
                f"and there are {len(self.train)}"
            )
        reference = replace(self.reference, train=self.train[rest])
        built = (build(reference) for build in self._build.values())
        metrics = [metric for metric in built if not metric.of_task]
        for metric in metrics:
            metric.sync_on_compute = False  # every process computes the same
            metric.update(self.train[sampled])
        return compute(metrics)

    def better_than_real(self, figures: Figures) -> list[str]:
        """Return the figures that come closer to the ideal than real samples do.

        That is no merit: the generator is over-concentrated, or copies.
        """
        return [
            name
            for name, value in figures.items()
            if name in self.floor
            and abs(value - self.ideals[name]) < abs(self.floor[name] - self.ideals[name])
        ]


def stored(samples: Tensor) -> Tensor:
    """Return images (N, C, H, W) as a file would hold them, and other samples as they are."""
    return to_bytes(samples) if samples.ndim == 4 else samples


def compute(metrics: Iterable[SampleMetric]) -> Figures:
    """Return the figures of several metrics as numbers.

    Raises:
        LabError: If one is not finite: undefined for these samples.
    """
    figures = {name: float(v) for metric in metrics for name, v in metric.compute().items()}
    undefined = [name for name, value in figures.items() if not math.isfinite(value)]
    if undefined:
        raise LabError(
            f"{', '.join(undefined)} cannot be told of these samples (not a finite number); leave "
            "the metric out"
        )
    return figures


def seeded_batches(
    sample: Callable[[int], T],
    count: int,
    seed: int = 0,
    batch_size: int = 500,
    rank: int = 0,
    world_size: int = 1,
) -> Iterator[T]:
    """Yield ``count`` samples in batches, each a function of (seed, its index) alone.

    The random number generators are left as they were, and the samples are the
    same however many processes share the batches.

    Args:
        sample: Draws a number of samples, with torch's global generators.
        count: Samples of all processes together.
        seed: Of the samples.
        batch_size: Samples a batch.
        rank: This process, which draws every ``world_size``-th batch.
        world_size: Number of processes.
    """
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    for index, start in enumerate(range(0, count, batch_size)):
        if index % world_size == rank:
            with torch.random.fork_rng(devices):
                torch.manual_seed(seed * 1_000_003 + index)
                batch = sample(min(batch_size, count - start))
            yield batch
