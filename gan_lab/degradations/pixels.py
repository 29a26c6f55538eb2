"""Fewer pixels, no colours, noise, and blur."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from gan_lab.contracts import Sample
from gan_lab.degradations.base import Degradation, normal, require_positive

LUMA = 0.299, 0.587, 0.114
"""Of red, green and blue: ITU-R BT.601, as Pillow and JPEG take grey."""


class Downsample(Degradation):
    """Bicubic interpolation with antialiasing; rows and columns that are too many are cut off.

    Args:
        scale: How many times smaller, 2, 4 or 8.

    Raises:
        ValueError: If it is another number.
    """

    def __init__(self, scale: int = 4) -> None:
        super().__init__()
        if scale not in (2, 4, 8):
            raise ValueError(f"scale must be 2, 4 or 8, got {scale}")
        self.scale = scale

    def forward(self, sample: Sample, random: torch.Generator | None = None) -> Sample:
        images = sample["source"]
        height, width = (size // self.scale for size in images.shape[2:])
        if not height or not width:
            raise ValueError(
                f"images of {list(images.shape[2:])} pixels are too small for scale {self.scale}"
            )
        whole = images[:, :, : self.scale * height, : self.scale * width]
        small = interpolate(whole, (height, width), mode="bicubic", antialias=True)
        return {**sample, "source": small.clamp(-1, 1)}  # cubics overshoot


class Greyscale(Degradation):
    """Luma in the place of colours, ITU-R BT.601; images of one channel stay as they are."""

    def forward(self, sample: Sample, random: torch.Generator | None = None) -> Sample:
        images = sample["source"]
        if images.shape[1] == 1:
            return sample
        return {**sample, "source": luma(images)}

    def channels(self, before: int) -> int:
        if before not in (1, 3):
            raise ValueError(f"greyscale takes images of 1 or 3 channels, got {before}")
        return 1


class Noise(Degradation):
    """Gaussian noise in every value, clamped to [-1, 1].

    Args:
        deviation: In the units of [-1, 1], positive; 0.2 is 25 of 255.

    Raises:
        ValueError: If ``deviation`` is not positive.
    """

    def __init__(self, deviation: float = 0.2) -> None:
        super().__init__()
        self.deviation = require_positive("deviation", deviation)

    def forward(self, sample: Sample, random: torch.Generator | None = None) -> Sample:
        images = sample["source"]
        noisy = images + self.deviation * normal(images, random)
        return {**sample, "source": noisy.clamp(-1, 1)}


class Blur(Degradation):
    """A Gaussian of given deviation, cut off at three of them; borders are repeated.

    Args:
        deviation: In pixels, positive.

    Raises:
        ValueError: If ``deviation`` is not positive.
    """

    weights: Tensor

    def __init__(self, deviation: float = 1.5) -> None:
        super().__init__()
        reach = max(1, round(3 * require_positive("deviation", deviation)))
        places = torch.arange(-reach, reach + 1, dtype=torch.float32)
        weights = torch.exp(-places.square() / (2 * deviation**2))
        self.reach = reach
        self.register_buffer("weights", weights / weights.sum(), persistent=False)

    def forward(self, sample: Sample, random: torch.Generator | None = None) -> Sample:
        images = sample["source"]
        channels, weights = images.shape[1], self.weights.to(images)
        padded = pad(images, (self.reach,) * 4, mode="replicate")
        column = weights.reshape(1, 1, -1, 1).expand(channels, 1, -1, 1)
        row = weights.reshape(1, 1, 1, -1).expand(channels, 1, 1, -1)
        blurred = conv2d(conv2d(padded, column, groups=channels), row, groups=channels)
        return {**sample, "source": blurred}


def luma(images: Tensor) -> Tensor:
    """Return the luma (N, 1, H, W) of images (N, 3, H, W), in the same range."""
    weights = torch.tensor(LUMA, dtype=images.dtype, device=images.device)
    return (images * weights.reshape(1, 3, 1, 1)).sum(dim=1, keepdim=True)
