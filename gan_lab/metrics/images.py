"""Images as the bytes that a file would hold, whoever made them."""

import torch
from torch import Tensor

from gan_lab.errors import LabError


def to_bytes(images: Tensor) -> Tensor:
    """Return images in [-1, 1] as uint8 in 0..255; uint8 images pass unchanged.

    Real and generated images go through here alike, so that no metric can tell
    them apart by a precision that no image file has.

    >>> to_bytes(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([  0, 128, 255], dtype=torch.uint8)

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
    return images.float().add(1).mul(127.5).round_().clamp_(0, 255).byte()


def require_finite(samples: Tensor) -> None:
    """Raise LabError where a sample holds NaN or infinity."""
    finite = samples.isfinite()
    if not finite.all():
        bad = sum(not bool(sample.all()) for sample in finite)
        raise LabError(
            f"{bad} of {len(samples)} samples hold NaN or infinity, so no metric of them means "
            "anything; the training has diverged"
        )
