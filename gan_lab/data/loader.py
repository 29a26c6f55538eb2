"""Whole batches at a time out of memory."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


def to_unit_range(images: Tensor) -> Tensor:
    """Return uint8 images in 0..255 as float32 in [-1, 1]; floating point data passes unchanged.

    >>> to_unit_range(torch.tensor([0, 255], dtype=torch.uint8))
    tensor([-1.,  1.])
    """
    if images.is_floating_point():
        return images
    return images.float().div_(127.5).sub_(1.0)


class BatchLoader:
    """Shuffled batches of an in-memory data set.

    The order of an epoch is a function of (seed, epoch) alone. Under several
    processes each takes every ``world_size``-th index of it, so an epoch shows
    every sample at most once. An incomplete last batch is dropped, as batch
    norm and critic steps want equal batches.

    The loader counts its own epochs and can say where it stands
    (``state_dict``), so that Lightning resumes it in the middle of an epoch.

    Args:
        samples: Images, uint8 or float, shape (N, *shape), where batches shall live.
        labels: Labels, shape (N,), on the same device.
        batch_size: Samples a batch, for each process.
        seed: Of the order.
        rank: This process's index.
        world_size: Number of processes.

    Raises:
        ValueError: If an epoch would hold no batch.
    """

    def __init__(
        self,
        samples: Tensor,
        labels: Tensor,
        batch_size: int,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.samples = samples
        self.labels = labels
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self.position = 0
        if len(self) == 0:
            raise ValueError(
                f"a step of {batch_size} samples for each of {world_size} process(es) "
                f"is larger than the data set of {len(samples)}"
            )

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return len(self.samples) // (self.batch_size * self.world_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the rest of the current epoch as (samples in [-1, 1], labels)."""
        order = self._order(self.epoch)
        for position in range(self.position, len(self)):
            # Advance before yielding: a checkpoint taken now then names what comes next.
            self.position = (position + 1) % len(self)
            self.epoch += self.position == 0
            start = position * self.batch_size
            index = order[start : start + self.batch_size]
            yield to_unit_range(self.samples[index]), self.labels[index]

    def _order(self, epoch: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        order = torch.randperm(len(self.samples), generator=generator)
        return order[self.rank :: self.world_size].to(self.samples.device)

    def state_dict(self) -> dict[str, Any]:
        """Return which batch comes next."""
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the batch that ``state`` names."""
        self.epoch, self.position = state["epoch"], state["position"]
