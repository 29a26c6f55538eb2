"""Images of several sizes and channels side by side."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan_lab.media.image import image_grid, visible


def beside(columns: Sequence[Tensor]) -> list[list[Tensor]]:
    """Return rows of images that can stand beside each other, all of the size of the largest.

    Smaller ones are enlarged, each pixel to a rectangle, so that what a network was given is seen
    as it was; grey ones beside coloured ones get three channels.

    Args:
        columns: uint8 images, each (N, C, H, W) of its own C, H and W.

    Returns:
        N rows of an image (C', H', W') for each column.
    """
    shown = [visible(column) for column in columns]
    channels = max(column.shape[1] for column in shown)
    height, width = (max(column.shape[axis] for column in shown) for axis in (2, 3))
    alike = [enlarged(column.expand(-1, channels, -1, -1), height, width) for column in shown]
    return [list(row) for row in zip(*alike, strict=True)]


def enlarged(images: Tensor, height: int, width: int) -> Tensor:
    """Return uint8 images (N, C, H, W) at another size, pixels made to rectangles."""
    if images.shape[2:] == (height, width):
        return images
    return interpolate(images.float(), (height, width), mode="nearest").byte()


def sheet(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    """Return rows of equally large uint8 images as one image (3, H, W)."""
    return image_grid(torch.stack([image for row in rows for image in row]), len(rows[0]))
