"""Differentiable augmentation of images."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from gan_lab.augmentations.base import Augmentation, require_images


def shift_brightness(images: Tensor, amounts: Tensor) -> Tensor:
    """Add ``amounts`` (N,) to all values of images (N, C, H, W)."""
    return images + amounts[:, None, None, None]


def saturate(images: Tensor, factors: Tensor) -> Tensor:
    """Multiply each pixel's distance from the mean of its channels by ``factors`` (N,)."""
    mean = images.mean(dim=1, keepdim=True)
    return torch.lerp(mean, images, factors[:, None, None, None])


def change_contrast(images: Tensor, factors: Tensor) -> Tensor:
    """Multiply each value's distance from its image's mean by ``factors`` (N,)."""
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return torch.lerp(mean, images, factors[:, None, None, None])


def translate(images: Tensor, down: Tensor, right: Tensor, fill: float = -1.0) -> Tensor:
    """Move each image by whole pixels; what moves in is ``fill``.

    Args:
        images: Shape (N, C, H, W).
        down: Pixels, shape (N,), integers between -H and H.
        right: Pixels, shape (N,), integers between -W and W.
        fill: The value outside the image; -1 is black.
    """
    count, channels, height, width = images.shape
    rows = torch.arange(height, device=images.device) - down[:, None]
    columns = torch.arange(width, device=images.device) - right[:, None]
    # One pixel of border stands for everything outside.
    rows, columns = rows.clamp(-1, height) + 1, columns.clamp(-1, width) + 1
    bordered = pad(images, (1, 1, 1, 1), value=fill)
    batch = torch.arange(count, device=images.device)[:, None, None, None]
    channel = torch.arange(channels, device=images.device)[:, None, None]
    return bordered[batch, channel, rows[:, None, :, None], columns[:, None, None, :]]


def cut_out(images: Tensor, top: Tensor, left: Tensor, size: tuple[int, int]) -> Tensor:
    """Set a rectangle of each image to 0, the middle grey.

    Args:
        images: Shape (N, C, H, W).
        top: First row of the rectangle, shape (N,); may lie outside.
        left: First column, shape (N,); may lie outside.
        size: Rows and columns of the rectangle.
    """
    rows = torch.arange(images.shape[2], device=images.device) - top[:, None]
    columns = torch.arange(images.shape[3], device=images.device) - left[:, None]
    inside_rows = (rows >= 0) & (rows < size[0])
    inside_columns = (columns >= 0) & (columns < size[1])
    inside = inside_rows[:, :, None] & inside_columns[:, None, :]
    return images.masked_fill(inside[:, None], 0)


def random_integers(low: int, high: int, like: Tensor) -> Tensor:
    """Return an integer in [low, high] for each of the samples ``like`` (N, ...)."""
    return torch.randint(low, high + 1, (len(like),), device=like.device)


class Colour(Augmentation):
    """A change of colours by an amount drawn from U(-strength, strength) for each image.

    Args:
        strength: Positive.

    Raises:
        ValueError: If ``strength`` is not positive.
    """

    def __init__(self, strength: float) -> None:
        super().__init__()
        if not strength > 0:
            raise ValueError(f"strength must be positive, got {strength}")
        self.strength = strength

    def amounts(self, samples: Tensor) -> Tensor:
        """Return an amount for each of the images, shape (N,)."""
        require_images(samples)
        uniform = torch.rand(len(samples), device=samples.device, dtype=samples.dtype)
        return (2 * uniform - 1) * self.strength


class Brightness(Colour):
    """Add the amount to all values; 0.5 in the paper's code, for images in [-1, 1]."""

    def __init__(self, strength: float = 0.5) -> None:
        super().__init__(strength)

    def forward(self, samples: Tensor) -> Tensor:
        return shift_brightness(samples, self.amounts(samples))


class Saturation(Colour):
    """Multiply distances from grey by one plus the amount; 1 in the paper's code.

    Grey images have no such distance and stay as they are.
    """

    def __init__(self, strength: float = 1.0) -> None:
        super().__init__(strength)

    def forward(self, samples: Tensor) -> Tensor:
        if samples.ndim == 4 and samples.shape[1] == 1:
            return samples
        return saturate(samples, 1 + self.amounts(samples))


class Contrast(Colour):
    """Multiply distances from the image's mean by one plus the amount; 0.5 in the paper's code."""

    def __init__(self, strength: float = 0.5) -> None:
        super().__init__(strength)

    def forward(self, samples: Tensor) -> Tensor:
        return change_contrast(samples, 1 + self.amounts(samples))


class Translation(Augmentation):
    """Move each image by up to a share of its size, filled with black.

    Args:
        ratio: Largest shift as a share of the size, in (0, 1).

    Raises:
        ValueError: If ``ratio`` is out of range.
    """

    def __init__(self, ratio: float = 0.125) -> None:
        super().__init__()
        self.ratio = require_ratio(ratio)

    def forward(self, samples: Tensor) -> Tensor:
        require_images(samples)
        most_down, most_right = (int(size * self.ratio + 0.5) for size in samples.shape[2:])
        down = random_integers(-most_down, most_down, samples)
        right = random_integers(-most_right, most_right, samples)
        return translate(samples, down, right)


class Cutout(Augmentation):
    """Grey out a rectangle about a uniformly drawn centre.

    Args:
        ratio: Its sides as a share of the image's, in (0, 1).

    Raises:
        ValueError: If ``ratio`` is out of range.
    """

    def __init__(self, ratio: float = 0.5) -> None:
        super().__init__()
        self.ratio = require_ratio(ratio)

    def forward(self, samples: Tensor) -> Tensor:
        require_images(samples)
        height, width = samples.shape[2:]
        size = int(height * self.ratio + 0.5), int(width * self.ratio + 0.5)
        top = random_integers(0, height - size[0] % 2, samples) - size[0] // 2
        left = random_integers(0, width - size[1] % 2, samples) - size[1] // 2
        return cut_out(samples, top, left, size)


class DiffAugment(Augmentation):
    """Colour (brightness, saturation, contrast), translation and cutout, one after the other.

    What a translation uncovers is black here, and grey in the paper's code.

    References:
        Differentiable Augmentation for Data-Efficient GAN Training (Zhao et al.
        2020), section 3.2 and appendix, arXiv 2006.10738, and the authors' code,
        mit-han-lab/data-efficient-gans, DiffAugment_pytorch.py, policy
        "color,translation,cutout".

    Args:
        brightness: See :class:`Brightness`; None leaves it out.
        saturation: See :class:`Saturation`; None leaves it out.
        contrast: See :class:`Contrast`; None leaves it out.
        translation: See :class:`Translation`; None leaves it out.
        cutout: See :class:`Cutout`; None leaves it out.

    Raises:
        ValueError: If a number is out of range or nothing is left.
    """

    def __init__(
        self,
        brightness: float | None = 0.5,
        saturation: float | None = 1.0,
        contrast: float | None = 0.5,
        translation: float | None = 0.125,
        cutout: float | None = 0.5,
    ) -> None:
        super().__init__()
        chosen: dict[type[Brightness | Saturation | Contrast | Translation | Cutout], float | None]
        chosen = {
            Brightness: brightness,
            Saturation: saturation,
            Contrast: contrast,
            Translation: translation,
            Cutout: cutout,
        }
        parts = [kind(value) for kind, value in chosen.items() if value is not None]
        if not parts:
            raise ValueError(
                "give brightness, saturation, contrast, translation or cutout; all five are null"
            )
        self.parts = torch.nn.Sequential(*parts)

    def forward(self, samples: Tensor) -> Tensor:
        augmented: Tensor = self.parts(samples)
        return augmented


def require_ratio(ratio: float) -> float:
    """Return ``ratio``, or raise ValueError where it is not in (0, 1)."""
    if not 0 < ratio < 1:
        raise ValueError(f"ratio must be in (0, 1), got {ratio}")
    return ratio
