"""Whole steps at a time out of memory."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from gan_lab.contracts import Medium, Sample
from gan_lab.data.stored import StoredTensor
from gan_lab.errors import LabError


class Loader(Protocol):
    """Steps of minibatches, epoch after epoch, that can be gone on with at any of them."""

    def __len__(self) -> int:
        """Return the number of steps in an epoch."""

    def __iter__(self) -> Iterator[list[Sample]]:
        """Yield the rest of the current epoch."""

    def state_dict(self) -> dict[str, Any]:
        """Return which step comes next."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the step that ``state`` names."""


class BatchLoader:
    """Shuffled steps of a data set, each a list of minibatches.

    The order of an epoch is a function of (seed, epoch) alone. Under several
    processes each takes every ``world_size``-th index of it, so an epoch shows
    every sample at most once. An incomplete last step is dropped, as batch
    norm and critic steps want equal batches.

    The loader counts its own epochs and can say where it stands
    (``state_dict``), so that Lightning resumes it in the middle of an epoch.

    Args:
        samples: Samples as they are stored, shape (N, *shape), where batches shall
            live; or on the disk.
        labels: Labels, shape (N,), where batches shall live.
        batch_size: Samples a minibatch, for each process.
        minibatches: How many minibatches a step takes.
        medium: Turns stored samples into what networks see; none leaves them as they are.
        seed: Of the order.
        rank: This process's index.
        world_size: Number of processes.
        beside: What else belongs to each sample, under the names that minibatches have it by;
            images as they are stored.

    Raises:
        ValueError: If an epoch would hold no step.
    """

    def __init__(
        self,
        samples: Tensor | StoredTensor,
        labels: Tensor,
        batch_size: int,
        minibatches: int = 1,
        medium: Medium | None = None,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        beside: Mapping[str, Tensor | StoredTensor] | None = None,
    ) -> None:
        self.samples = samples
        self.beside = beside or {}
        self.labels = labels
        self.batch_size = batch_size
        self.step_size = batch_size * minibatches
        self.medium = medium
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self.position = 0
        if len(self) == 0:
            raise ValueError(
                f"a step of {self.step_size} samples for each of {world_size} process(es) "
                f"is larger than the data set of {len(samples)}"
            )

    def __len__(self) -> int:
        """Return the number of steps in an epoch."""
        return len(self.samples) // (self.step_size * self.world_size)

    def __iter__(self) -> Iterator[list[Sample]]:
        """Yield the rest of the current epoch, each step as minibatches of ``x``, ``label``, ..."""
        order = self._order(self.epoch)
        for position in range(self.position, len(self)):
            # Advance before yielding: a checkpoint taken now then names what comes next.
            self.position = (position + 1) % len(self)
            self.epoch += self.position == 0
            start = position * self.step_size
            yield self._step(order[start : start + self.step_size])

    def _step(self, index: Tensor) -> list[Sample]:
        # One gather and one conversion, then views: k small ones would cost k launches each.
        device = self.labels.device
        samples = self.samples[index].to(device)
        others = {"label": self.labels[index.to(device)]}
        for name, column in self.beside.items():
            rows = column[index.to(column.device)].to(device)
            others[name] = rows if self.medium is None else self.medium.to_float(rows)
        return as_minibatches(samples, others, self.batch_size, self.medium)

    def _order(self, epoch: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        order = torch.randperm(len(self.samples), generator=generator)
        return order[self.rank :: self.world_size].to(self.samples.device)

    def state_dict(self) -> dict[str, Any]:
        """Return which step comes next."""
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the step that ``state`` names; see :func:`next_step`."""
        self.epoch, self.position = next_step(state, len(self))


def next_step(state: dict[str, Any], length: int) -> tuple[int, int]:
    """Return the epoch and the position that a state names, or the next epoch's first.

    The latter where epochs of ``length`` steps are too short for it, as after a change of the batch
    size: an epoch without a step would follow another for ever.

    Raises:
        LabError: If the state names no step.
    """
    epoch, position = state["epoch"], state["position"]
    if not all(isinstance(number, int) and number >= 0 for number in (epoch, position)):
        raise LabError(f"there is no step {position!r} of epoch {epoch!r} to continue with")
    return (epoch, position) if position < length else (epoch + 1, 0)


def as_minibatches(
    samples: Tensor, others: Sample, batch_size: int, medium: Medium | None = None
) -> list[Sample]:
    """Return a step's samples as minibatches of ``batch_size``, views of what is converted once.

    Args:
        samples: As they are stored, shape (N, *shape).
        others: What belongs to them, such as labels (N,), under the names it shall have.
        batch_size: Samples a minibatch, the last of which may have fewer.
        medium: See :class:`BatchLoader`.
    """
    step = {"x": samples if medium is None else medium.to_float(samples), **others}
    parts = [torch.split(tensor, batch_size) for tensor in step.values()]
    return [dict(zip(step, part, strict=True)) for part in zip(*parts, strict=True)]
