"""Images as a file holds them."""

import math
import stat
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from gan_lab.errors import LabError
from gan_lab.files import written_whole

PIXELS = Image.MAX_IMAGE_PIXELS or 89_478_485
"""The largest image that is read; Pillow's own limit, beyond which it speaks of bombs."""
LARGE, DENSE = 2**30, 100
"""Bytes beyond which an archive that unpacks to so many times its size is taken for a bomb."""
SIXTEEN_BITS = {"I;16", "I;16B", "I;16L", "I"}
"""Pillow's modes of PNG files with 16 bits of grey."""


def save_png(image: Tensor, path: Path) -> None:
    """Write a uint8 image (C, H, W) with 1 or 3 channels as a PNG file, whole or not at all.

    Raises:
        LabError: If the disk does not take it.
    """
    with written_whole(path, sync=False) as file:
        to_pil_image(image).save(file, format="PNG")


def require_file(path: Path) -> None:
    """Raise LabError where there is no regular file; to open a pipe or a device may never end."""
    try:
        kind = path.stat().st_mode
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(kind):
        raise LabError(f"{path} is no regular file; remove it")


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open a stranger's image: one that is a file, of a size that can be held, with 8 bits.

    What has 16 bits of grey is scaled to 8, which Pillow itself would clip to white.

    Raises:
        LabError: If it is none, or is damaged.
    """
    require_file(path)
    try:
        with Image.open(path) as image:
            require_size(path, *image.size)
            yield to_eight_bits(image) if image.mode in SIXTEEN_BITS else image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise LabError(f"{path} is a decompression bomb ({error}); remove it") from error
    except LabError:
        raise
    except Exception as error:  # decoders raise whatever a damaged file makes of them
        raise LabError(f"{path} is damaged or no image ({error}); mend or remove it") from error


def require_size(path: Path, width: int, height: int) -> None:
    """Raise LabError where an image has more pixels than are read."""
    if width * height > PIXELS:
        raise LabError(
            f"{path} is too large: {width} × {height} pixels, and at most {PIXELS:,} are read"
        )


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return 16 bits of grey as 8, rounded: 0 is 0 and 65,535 is 255."""
    return Image.fromarray(np.rint(np.asarray(image) / 257).astype(np.uint8))


@contextmanager
def bombs_are_errors() -> Iterator[None]:
    """Let Pillow raise, and print nothing, where it would warn of a bomb; in the main thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def read_images(path: Path, count: int | None = None, seed: int = 0) -> Tensor:
    """Return images of a folder of PNG files or of an .npz file, in an order drawn by ``seed``.

    Files are often named by their class or by their quality: neither may decide which are read, nor
    which stand together.

    Args:
        path: A folder, or an .npz whose first array is uint8 of shape
            (N, H, W), (N, C, H, W) or (N, H, W, C).
        count: How many, at most; None for all of them.
        seed: Of the order, and of the choice where there are more.

    Returns:
        uint8 images (N, C, H, W).

    Raises:
        LabError: If there are none, one cannot be read, or they are not of one shape.
    """
    random = torch.Generator().manual_seed(seed)
    if path.suffix == ".npz":
        images = read_array(path)
        return images[torch.randperm(len(images), generator=random)[:count]]
    files = sorted(path.glob("*.png"))
    if not files:
        raise LabError(f"there are no PNG files in {path}; give a folder of them or an .npz file")
    order = torch.randperm(len(files), generator=random)[:count]
    chosen = [files[index] for index in order.sort().values.tolist()]
    found = [read_png(file) for file in chosen]
    for file, image in zip(chosen, found, strict=True):
        if image.shape != found[0].shape:
            raise LabError(
                f"images must be of one shape: {chosen[0].name} is {list(found[0].shape)}, "
                f"{file.name} is {list(image.shape)} (channels, height, width)"
            )
    return torch.stack(found)[order.argsort().argsort()]


def read_as(path: Path, channels: int) -> Tensor:
    """Return any image file as a uint8 image (C, H, W), turned as the camera says it was held.

    Args:
        path: Of the file.
        channels: 1 for grey, 3 for RGB, whatever the file has.

    Raises:
        LabError: If the file is no image, or one that cannot be held.
    """
    with bombs_are_errors(), opened(path) as image:
        turned = ImageOps.exif_transpose(image)
        pixels = np.array(turned.convert("L" if channels == 1 else "RGB"))
    return torch.from_numpy(pixels).reshape(*pixels.shape[:2], -1).permute(2, 0, 1)


def read_holes(path: Path) -> Tensor | None:
    """Return where an image file is transparent (1, H, W), or None where it never is.

    Raises:
        LabError: If the file is no image, or one that cannot be held.
    """
    with bombs_are_errors(), opened(path) as image:
        if not image.has_transparency_data:
            return None
        turned = ImageOps.exif_transpose(image).convert("RGBA")
        return torch.from_numpy(np.array(turned.getchannel("A")) < 128)[None]


def read_png(path: Path) -> Tensor:
    """Return a grey or RGB file as a uint8 image (C, H, W); see :func:`opened`."""
    with bombs_are_errors(), opened(path) as image:
        mode, pixels = image.mode, np.array(image)
    if mode not in ("L", "RGB"):
        raise LabError(f"{path} has colours of kind {mode}; save it as 8-bit grey or RGB")
    return torch.from_numpy(pixels).reshape(*pixels.shape[:2], -1).permute(2, 0, 1)


def read_array(path: Path) -> Tensor:
    """Return the images (N, C, H, W) of an .npz file; see :func:`read_images`."""
    require_file(path)
    try:
        require_sound_archive(path)
        with np.load(path, allow_pickle=False) as content:
            array = content[content.files[0]]
    except LabError:
        raise
    except Exception as error:  # numpy and zipfile raise whatever a damaged file makes of them
        raise LabError(f"{path} is no .npz file of images ({error})") from error
    if array.dtype != np.uint8 or array.ndim not in (3, 4) or not array.size:
        raise LabError(
            f"{path} must hold a uint8 array of shape (N, H, W), (N, C, H, W) or (N, H, W, C), "
            f"got {array.dtype} of shape {list(array.shape)}"
        )
    images = torch.from_numpy(array)
    if images.ndim == 3:
        return images.unsqueeze(1)
    channels_last = images.shape[1] not in (1, 3) and images.shape[3] in (1, 3)
    return images.permute(0, 3, 1, 2).contiguous() if channels_last else images


def require_sound_archive(path: Path) -> None:
    """Raise LabError where the first array of an .npz would take memory that no images need."""
    with zipfile.ZipFile(path) as archive:
        if not archive.infolist():
            raise ValueError("it holds no array")
        first = archive.infolist()[0]
        if first.file_size > max(LARGE, DENSE * first.compress_size):
            raise LabError(
                f"{path} is a decompression bomb: {first.file_size:,} bytes in "
                f"{first.compress_size:,}"
            )
        with archive.open(first) as file:
            version = np.lib.format.read_magic(file)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, _, dtype = read(file)
            promised = math.prod(shape) * dtype.itemsize
            if promised > first.file_size - file.tell():
                raise LabError(
                    f"{path} is damaged: its header promises {promised:,} bytes, and it holds "
                    f"{first.file_size - file.tell():,}"
                )
