"""Images brought to a wanted size."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor
from torchvision.transforms.v2.functional import center_crop, resize

from gan_lab.media.files import require_size


def fitted(image: Tensor, wanted: Sequence[int], path: Path) -> Tensor:
    """Return an image (C, H, W) resized and cropped to the wanted (height, width).

    Raises:
        LabError: If what covers the wanted size cannot be held, which names ``path``.
    """
    covering = cover(image.shape[-2:], wanted)
    require_size(path, covering[1], covering[0])  # a line of pixels grows as it is resized
    cropped: Tensor = center_crop(resize(image, covering, antialias=True), wanted)
    return cropped


def cover(size: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """Return the smallest (height, width) of the aspect of ``size`` that covers ``wanted``.

    >>> cover((20, 30), (8, 8)), cover((20, 30), (8, 16)), cover((20, 30), (9, 3))
    ([8, 12], [10, 16], [9, 13])
    """
    (height, width), (wanted_height, wanted_width) = size, wanted
    if wanted_height * width >= wanted_width * height:
        return [wanted_height, wanted_height * width // height]
    return [wanted_width * height // width, wanted_width]
