"""From what a loader yields to minibatches."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from gan_lab.contracts import Sample
from gan_lab.errors import LabError


def minibatches(batch: Any, count: int) -> Sequence[Sample]:
    """Return a step's minibatches.

    Args:
        batch: A list of ``count`` minibatches, as this lab's loaders yield them, or one batch of
            any loader, which is divided: a mapping, a tensor ``x``, or a pair of ``x`` and
            ``label``.
        count: Minibatches that a step needs.

    Raises:
        LabError: If there are others than asked for, or the batch does not divide.
    """
    if isinstance(batch, list) and batch and isinstance(batch[0], Mapping):
        if len(batch) != count:
            raise LabError(f"a step takes n_critic={count} minibatches, got {len(batch)}")
        return batch
    sample = as_sample(batch)
    if count == 1:
        return [sample]
    size = size_of(sample)
    if size % count:
        raise LabError(
            f"a batch of {size} does not divide into n_critic={count} minibatches; "
            f"let the loader give batches of {size // count * count or count}"
        )
    parts = {name: tensor.chunk(count) for name, tensor in sample.items()}
    return [{name: chunks[k] for name, chunks in parts.items()} for k in range(count)]


def as_sample(batch: Any) -> Sample:
    """Return a batch of any loader as a sample.

    Raises:
        LabError: If it is of a kind that says not what is what.
    """
    if isinstance(batch, Mapping):
        return batch
    if isinstance(batch, Tensor):
        return {"x": batch}
    if isinstance(batch, list | tuple) and 1 <= len(batch) <= 2:
        return dict(zip(("x", "label"), batch, strict=False))
    raise LabError(
        "a loader must yield a mapping of named tensors, a tensor or a pair of samples and labels, "
        f"got a {type(batch).__name__}"
        + (f" of {len(batch)}" if isinstance(batch, list | tuple) else "")
    )


def size_of(batch: Any) -> int:
    """Return how many samples a step's batch holds."""
    if isinstance(batch, list) and batch and isinstance(batch[0], Mapping):
        return sum(size_of(part) for part in batch)
    return len(next(iter(as_sample(batch).values())))
