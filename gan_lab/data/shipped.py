"""Photographs that libraries ship, so that there are some offline."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor

from gan_lab.errors import LabError

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, Split, Split] = ("train", "validation", "test")
SHIPPED: dict[Split, tuple[str, ...]] = {
    "train": ("astronaut", "rocket", "retina", "hubble_deep_field", "motorcycle", "china"),
    "validation": ("flower", "grace_hopper"),
    "test": ("chelsea", "coffee"),
}
"""Photographs that scikit-image, scikit-learn and Matplotlib ship, by the split they are in."""
GREY = ("brick", "camera", "coins", "grass", "gravel", "moon")
"""Those of scikit-image without colours, for training where none are asked for."""


def shipped_photographs(split: Split, channels: int) -> list[Tensor]:
    """Return the photographs of a split that libraries ship; see :data:`SHIPPED`.

    Args:
        split: Which.
        channels: 1 for grey ones, 3 for colours.

    Raises:
        LabError: If a library is not installed.
    """
    grey = GREY if channels == 1 and split == "train" else ()
    return [shipped(name, channels) for name in (*SHIPPED[split], *grey)]


def shipped(name: str, channels: int) -> Tensor:
    """Return a photograph that a library ships as a uint8 image (C, H, W).

    Raises:
        LabError: If the library is not installed.
    """
    try:
        pixels = READERS.get(name, from_scikit_image)(name)
    except ImportError as error:
        raise LabError(
            "data=photographs needs scikit-image and scikit-learn: pip install "
            "'gan-lab[photographs]'; or give a folder of your own by data=photograph_folder"
        ) from error
    image = Image.fromarray(np.asarray(pixels))
    converted: Tensor = pil_to_tensor(image.convert("L" if channels == 1 else "RGB"))
    return converted


def from_scikit_image(name: str) -> Any:
    """Return what scikit-image calls by that name; of a pair of views the left one."""
    from skimage import data

    found = getattr(data, {"motorcycle": "stereo_motorcycle"}.get(name, name))()
    return found[0] if name == "motorcycle" else found


def from_scikit_learn(name: str) -> Any:
    """Return the photograph that scikit-learn calls by that name."""
    from sklearn.datasets import load_sample_image

    return load_sample_image(f"{name}.jpg")


def from_matplotlib(name: str) -> Any:
    """Return the photograph that Matplotlib calls by that name."""
    from matplotlib.cbook import get_sample_data

    path: Any = get_sample_data(f"{name}.jpg", asfileobj=False)
    with Image.open(path) as image:
        return image.convert("RGB")


READERS: dict[str, Callable[[str], Any]] = {
    "china": from_scikit_learn,
    "flower": from_scikit_learn,
    "grace_hopper": from_matplotlib,
}
