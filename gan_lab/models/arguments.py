"""Checks of what networks are given, each with one clear sentence."""

import math
from collections.abc import Sequence
from typing import Any, get_args

from torch import Tensor


def require_size(name: str, value: int) -> int:
    """Return ``value``, or raise ValueError where it is not a positive integer."""
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value


def require_shape(image_shape: Sequence[int]) -> tuple[int, ...]:
    """Return ``image_shape`` as a tuple, or raise ValueError where a size is not positive."""
    shape = tuple(image_shape)
    if not shape or min(shape) < 1:
        raise ValueError(f"image_shape must hold positive sizes, got {list(shape)}")
    return shape


def flat_size(image_shape: Sequence[int]) -> int:
    """Return the number of values in one sample.

    >>> flat_size((1, 28, 28))
    784
    """
    return math.prod(image_shape)


def require_square(image_shape: Sequence[int], multiple: int) -> tuple[int, int, int]:
    """Return (channels, size, size), or raise ValueError where the images are no such squares."""
    if len(image_shape) != 3 or image_shape[1] != image_shape[2] or image_shape[1] % multiple:
        raise ValueError(
            f"this network needs square images whose size is a multiple of {multiple}, "
            f"got image_shape {list(image_shape)}"
        )
    channels, height, width = image_shape
    return channels, height, width


def require_choice(name: str, value: str, choices: Any) -> None:
    """Raise ValueError where ``value`` is not one of a Literal's ``choices``."""
    known = get_args(choices)
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")


def require_classes(conditioning: str, num_classes: int) -> int:
    """Return ``num_classes``, or raise ValueError where it does not fit ``conditioning``."""
    if num_classes < 0 or (num_classes > 0) is not (conditioning != "none"):
        raise ValueError(
            "num_classes must be positive where labels are used and 0 where conditioning=none, "
            f"got {num_classes} with conditioning={conditioning}"
        )
    return num_classes


def require_labels(player: str, labels: Tensor | None, num_classes: int) -> Tensor | None:
    """Return ``labels``, or raise ValueError where they are missing or not asked for."""
    if (labels is None) is not (num_classes == 0):
        verb = "wants labels and was given none" if num_classes else "takes no labels"
        raise ValueError(f"this {player} {verb}")
    return labels
