"""Images as a file holds them."""

from pathlib import Path

import torch
from torch import Tensor
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid


def quantise(images: Tensor) -> Tensor:
    """Return images in [-1, 1] as the uint8 values that a file would hold; uint8 passes.

    >>> quantise(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    if images.dtype == torch.uint8:
        return images
    return ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def image_grid(images: Tensor, columns: int | None = None) -> Tensor:
    """Return images (N, C, H, W) side by side as one uint8 image (C, H', W').

    Args:
        images: In [-1, 1] or uint8, with 1 or 3 channels.
        columns: Images in a row; as near a square as can be by default.
    """
    columns = columns or max(1, round(len(images) ** 0.5))
    grid: Tensor = make_grid(quantise(images).cpu(), nrow=columns, padding=2)
    return grid


def save_png(image: Tensor, path: Path) -> None:
    """Write a uint8 image (C, H, W) with 1 or 3 channels as a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    to_pil_image(image).save(path)
