"""Some of a data set's samples: without some classes, or so many of each."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gan_lab.data.labelled import balanced
from gan_lab.data.stored import StoredTensor
from gan_lab.errors import LabError


def remaining(labels: Tensor, size: int | None, leave_out: Sequence[int], seed: int) -> Tensor:
    """Return which samples are kept, in ascending order, shape (n,).

    Args:
        labels: Of all samples, shape (N,).
        size: How many are kept, equally many of each class that is; None for all.
        leave_out: Classes of which none is kept.
        seed: Of the choice; a smaller choice lies within a larger one.

    Raises:
        LabError: If there is no such class, or nothing is left, or too few.
    """
    known = labels.unique().tolist()  # type: ignore[no-untyped-call]
    for value in leave_out:
        if value not in known:
            raise LabError(
                f"data.leave_out={list(leave_out)} names the class {value}, and there are "
                f"{known[0]} to {known[-1]}"
            )
    staying = ~torch.isin(labels, torch.tensor(list(leave_out), dtype=labels.dtype))
    places = staying.nonzero().flatten()
    if not len(places):
        raise LabError("data.leave_out leaves no class to train on; name fewer")
    if size is None:
        return places
    return places[balanced(labels[places], size, seed, "data.size")]


def whole_numbers(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape as a tuple, or raise ValueError where a size is no positive whole number."""
    if not all(type(size) is int and size > 0 for size in shape):
        raise ValueError(f"sample_shape must hold positive whole numbers, got {list(shape)}")
    return tuple(shape)


def select(images: Tensor | StoredTensor, index: Tensor) -> Tensor | StoredTensor:
    """Return the images that ``index`` (n,) names; those on the disk stay there."""
    return images.select(index) if isinstance(images, StoredTensor) else images[index]
