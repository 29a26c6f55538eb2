"""Images: of any size and aspect, with any number of channels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.errors import LabError


class Image(Medium):
    """Values in [-1, 1] to networks, bytes to files.

    Args:
        shape: (channels, height, width), all positive.

    Raises:
        ValueError: If it is no such shape.
    """

    name: ClassVar[str] = "image"
    formats: ClassVar[tuple[str, ...]] = ("png",)

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__(shape)
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise ValueError(f"an image has a shape [channels, height, width], got {list(shape)}")

    def to_float(self, raw: Tensor) -> Tensor:
        """Return uint8 images in 0..255 as float32 in [-1, 1].

        >>> Image((1, 1, 2)).to_float(torch.tensor([0, 255], dtype=torch.uint8))
        tensor([-1.,  1.])
        """
        return to_float(raw)

    def to_raw(self, samples: Tensor) -> Tensor:
        return quantise(samples)

    def picture(self, samples: Tensor, columns: int | None = None) -> Tensor:
        return image_grid(samples, columns)

    def write(self, samples: Tensor, folder: Path, kind: str | None = None) -> list[Path]:
        from gan_lab.media.files import save_png

        paths = [folder / f"{index:06d}.png" for index in range(len(samples))]
        for image, path in zip(quantise(samples), paths, strict=True):
            save_png(visible(image), path)
        return paths

    def read(self, path: Path, count: int | None = None, seed: int = 0) -> Tensor:
        from gan_lab.media.files import read_images

        return read_images(path, count, seed)

    def log(self, experiment: Any, tag: str, samples: Tensor, step: int) -> None:
        experiment.add_image(tag, image_grid(samples), step)


def to_float(raw: Tensor) -> Tensor:
    """Return uint8 values in 0..255 as float32 in [-1, 1]; floats pass."""
    if raw.is_floating_point():
        return raw
    return raw.float().div_(127.5).sub_(1.0)


def quantise(images: Tensor) -> Tensor:
    """Return images in [-1, 1] as the uint8 values that a file would hold; uint8 passes.

    >>> quantise(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    if images.dtype == torch.uint8:
        return images
    return images.float().add(1).mul(127.5).round_().clamp_(0, 255).byte()


def to_bytes(images: Tensor) -> Tensor:
    """Return what :func:`quantise` does of images that are sound.

    Real and generated images go through here alike, so that no metric can tell
    them apart by a precision that no image file has.

    Raises:
        LabError: If a value is not finite or outside [-1, 1].
    """
    if images.dtype == torch.uint8:
        return images
    require_finite(images)
    if images.numel() and images.abs().max() > 1 + 1e-3:  # bfloat16's tanh may round past 1
        raise LabError(
            f"samples must lie in [-1, 1], got values from {images.min():.4g} to "
            f"{images.max():.4g}; end the generator in tanh"
        )
    return quantise(images)


def require_finite(samples: Tensor) -> None:
    """Raise LabError where a sample holds NaN or infinity."""
    finite = samples.isfinite()
    if not finite.all():
        bad = sum(not bool(sample.all()) for sample in finite)
        raise LabError(
            f"{bad} of {len(samples)} samples hold NaN or infinity, so no metric of them means "
            "anything; the training has diverged"
        )


def image_grid(images: Tensor, columns: int | None = None) -> Tensor:
    """Return images (N, C, H, W) side by side as one uint8 image (3, H', W').

    Args:
        images: In [-1, 1] or uint8; of more channels than can be shown, the first three are.
        columns: Images in a row; as near a square as can be by default.
    """
    from torchvision.utils import make_grid

    columns = columns or max(1, round(len(images) ** 0.5))
    grid: Tensor = make_grid(visible(quantise(images)).cpu(), nrow=columns, padding=2)
    return grid


def visible(images: Tensor) -> Tensor:
    """Return images (..., C, H, W) with 1 or 3 channels, as files and screens have them."""
    channels = images.shape[-3]
    if channels in (1, 3):
        return images
    if channels > 3:
        return images[..., :3, :, :]
    return torch.cat([images, torch.zeros_like(images[..., :1, :, :])], dim=-3)
