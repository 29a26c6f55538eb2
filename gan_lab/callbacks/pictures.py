"""Pictures made large enough to look at, with a line that says what they show."""

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

SCALE = 3
"""Screen pixels a side of one pixel of a picture: digits of 28×28 are stamps otherwise."""


def captioned(picture: Tensor, caption: str, scale: int = SCALE) -> Tensor:
    """Return a picture enlarged, every pixel a square, under a line of text.

    Args:
        picture: uint8, shape (C, H, W) with 1 or 3 channels.
        caption: What is seen, of Latin letters.
        scale: Times the pixels, positive.

    Returns:
        uint8, shape (3, H', W'); wider than the picture where the caption is.
    """
    large = picture.repeat_interleave(scale, 1).repeat_interleave(scale, 2).expand(3, -1, -1)
    font = ImageFont.load_default(size=14)
    *_, right, bottom = font.getbbox(caption)
    margin = 4
    height, width = round(bottom + 2 * margin), max(large.shape[2], round(right + 2 * margin))
    line = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(line).text((margin, margin), caption, font=font, fill="black")
    page = torch.full((3, height + large.shape[1], width), 255, dtype=torch.uint8)
    page[:, :height] = torch.from_numpy(np.array(line)).permute(2, 0, 1)
    page[:, height:, : large.shape[2]] = large
    return page
