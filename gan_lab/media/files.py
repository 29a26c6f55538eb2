"""Images as a file holds them."""

import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from gan_lab.errors import LabError


def save_png(image: Tensor, path: Path) -> None:
    """Write a uint8 image (C, H, W) with 1 or 3 channels as a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    to_pil_image(image).save(path)


def read_images(path: Path) -> Tensor:
    """Return the images of a folder of PNG files, in the order of their names, or of an .npz file.

    Args:
        path: A folder, or an .npz whose first array is uint8 of shape
            (N, H, W), (N, C, H, W) or (N, H, W, C).

    Returns:
        uint8 images (N, C, H, W).

    Raises:
        LabError: If there are none, or they are not of one shape.
    """
    if path.suffix == ".npz":
        return read_array(path)
    files = sorted(path.glob("*.png"))
    if not files:
        raise LabError(f"there are no PNG files in {path}; give a folder of them or an .npz file")
    images = [read_png(file) for file in files]
    for file, image in zip(files, images, strict=True):
        if image.shape != images[0].shape:
            raise LabError(
                f"images must be of one shape: {files[0].name} is {list(images[0].shape)}, "
                f"{file.name} is {list(image.shape)} (channels, height, width)"
            )
    return torch.stack(images)


def read_png(path: Path) -> Tensor:
    """Return a grey or RGB file as a uint8 image (C, H, W)."""
    try:
        with Image.open(path) as image:
            mode, pixels = image.mode, np.array(image)
    except OSError as error:
        raise LabError(f"{path} is no image that can be read ({error})") from error
    if mode not in ("L", "RGB"):
        raise LabError(f"{path} has colours of kind {mode}; save it as 8-bit grey or RGB")
    return torch.from_numpy(pixels).reshape(*pixels.shape[:2], -1).permute(2, 0, 1)


def read_array(path: Path) -> Tensor:
    """Return the images (N, C, H, W) of an .npz file; see :func:`read_images`."""
    try:
        with np.load(path, allow_pickle=False) as content:
            array = content[content.files[0]]
    except (OSError, ValueError, IndexError, zipfile.BadZipFile) as error:
        raise LabError(f"{path} is no .npz file of images ({error})") from error
    if array.dtype != np.uint8 or array.ndim not in (3, 4) or not len(array):
        raise LabError(
            f"{path} must hold a uint8 array of shape (N, H, W), (N, C, H, W) or (N, H, W, C), "
            f"got {array.dtype} of shape {list(array.shape)}"
        )
    images = torch.from_numpy(array)
    if images.ndim == 3:
        return images.unsqueeze(1)
    channels_last = images.shape[1] not in (1, 3) and images.shape[3] in (1, 3)
    return images.permute(0, 3, 1, 2).contiguous() if channels_last else images
