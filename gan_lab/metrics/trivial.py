"""What can be made of a source without learning anything: the rows that a model must beat."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan_lab.contracts import Sample, Translating

Trivial = Callable[[Sample], Tensor]
"""What a source sample becomes: images in [-1, 1]."""


def trivial_methods(task: Translating, direction: str | None, real: Tensor) -> dict[str, Trivial]:
    """Return the methods that go with what a task is given, by name.

    - of smaller sources: ``bicubic`` and ``nearest``;
    - of holes: the mean colour of the rest, and, where scikit-image is installed, ``biharmonic``;
    - of grey sources of coloured images: ``grey`` as it is, and with the ``mean_colour`` of
      training images;
    - of others of as many channels: a ``copy``.

    Args:
        task: What translates.
        direction: Which way.
        real: Training images (N, C, H, W) of what is translated to, in [-1, 1].
    """
    ours, theirs = task.source_medium(direction).shape[0], real.shape[1]
    random = torch.Generator().manual_seed(0)
    made_of_x = task.direction(direction).source == "x"
    given = task.sources({"x": real[:1]}, random, direction) if made_of_x else {}
    if "mask" in given and ours == theirs and task.scale == 1:
        solver = {"biharmonic": biharmonic} if has_skimage() else {}
        return {"mean_colour": fill_with_mean, **solver}
    if task.scale > 1 and ours == theirs:
        return {
            mode: partial(enlarged, scale=task.scale, mode=mode) for mode in ("bicubic", "nearest")
        }
    if ours == 1 and theirs == 3 and task.scale == 1 and made_of_x:
        grey = task.sources({"x": real}, random, direction)["source"]
        tint = (real - grey).mean(dim=(0, 2, 3), keepdim=True)
        return {
            "grey": lambda sample: sample["source"].expand(-1, 3, -1, -1),
            "mean_colour": lambda sample: (sample["source"] + tint).clamp(-1, 1),
        }
    return {"copy": lambda sample: sample["source"]} if ours == theirs and task.scale == 1 else {}


def enlarged(sample: Sample, scale: int, mode: str) -> Tensor:
    """Return images (N, C, H, W) enlarged by "bicubic" interpolation or by "nearest" pixels."""
    images = sample["source"]
    if mode == "nearest":
        return interpolate(images, scale_factor=scale, mode="nearest")
    return interpolate(images, scale_factor=scale, mode="bicubic").clamp(-1, 1)  # cubics overshoot


def fill_with_mean(sample: Sample) -> Tensor:
    """Return images whose holes have the mean colour of the rest of the image."""
    images, known = sample["source"], 1 - sample["mask"]
    mean = (images * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True).clamp(min=1)
    return torch.where(known > 0, images, mean)


def biharmonic(sample: Sample) -> Tensor:
    """Return images whose holes are filled with the solution of the biharmonic equation.

    References:
        On Surface Completion and Image Inpainting by Biharmonic Functions: Numerical Aspects
        (Chui and Mhaskar, and Damelin and Hoang 2018), as scikit-image has it.
    """
    from skimage.restoration import inpaint_biharmonic

    made = []
    for image, mask in zip(sample["source"], sample["mask"], strict=True):
        pixels = image.double().cpu().numpy().transpose(1, 2, 0)
        filled = inpaint_biharmonic(pixels, mask[0].cpu().numpy() > 0, channel_axis=2)
        made.append(torch.from_numpy(np.ascontiguousarray(filled.transpose(2, 0, 1))))
    return torch.stack(made).to(sample["source"]).clamp(-1, 1)


def has_skimage() -> bool:
    """Tell whether scikit-image is installed."""
    try:
        import skimage.restoration  # noqa: F401
    except ImportError:
        return False
    return True
