"""Checks of what networks are given, each with one clear sentence."""

import math
from collections.abc import Sequence

from torch import Tensor


def require_size(name: str, value: int) -> int:
    """Return ``value``, or raise ValueError where it is not a positive integer."""
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value


def require_not_negative(name: str, value: int) -> int:
    """Return ``value``, or raise ValueError where it is negative."""
    if value < 0:
        raise ValueError(f"{name} must not be negative, got {value}")
    return value


def require_shape(sample_shape: Sequence[int]) -> tuple[int, ...]:
    """Return ``sample_shape`` as a tuple, or raise ValueError where a size is not positive."""
    shape = tuple(sample_shape)
    if not shape or min(shape) < 1:
        raise ValueError(f"sample_shape must hold positive sizes, got {list(shape)}")
    return shape


def flat_size(sample_shape: Sequence[int]) -> int:
    """Return the number of values in one sample.

    >>> flat_size((1, 28, 28))
    784
    """
    return math.prod(sample_shape)


def require_multiple(sample_shape: Sequence[int], of: int) -> tuple[int, int, int]:
    """Return (channels, height, width), or raise ValueError where these are no such multiples."""
    if len(sample_shape) != 3 or any(size % of for size in sample_shape[1:]):
        raise ValueError(
            f"this network needs images whose height and width are multiples of {of}, "
            f"got sample_shape {list(sample_shape)}"
        )
    channels, height, width = sample_shape
    return channels, height, width


def require_labels(player: str, labels: Tensor | None, num_classes: int) -> Tensor | None:
    """Return ``labels``, or raise ValueError where they are missing or not asked for."""
    if (labels is None) is not (num_classes == 0):
        verb = "wants labels and was given none" if num_classes else "takes no labels"
        raise ValueError(f"this {player} {verb}")
    return labels
