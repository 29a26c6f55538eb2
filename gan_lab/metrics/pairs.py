"""How near images are to what they should be, image by image, as a file would hold both."""

import torch
from torch import Tensor
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure as torchmetrics_ms_ssim,
)
from torchmetrics.functional.image import structural_similarity_index_measure as torchmetrics_ssim

from gan_lab.media import to_bytes

ROUNDING = 1 / (12 * 255**2)
"""Mean squared error of rounding to 8 bits: nothing that a file holds is known better."""
WEIGHTS = 0.0448, 0.2856, 0.3001, 0.2363, 0.1333
"""Of the five scales: Wang et al. 2003, section 3.2."""
WINDOW = 11
"""Edge of SSIM's Gaussian window, of deviation 1.5."""


def unit(images: Tensor) -> Tensor:
    """Return images, uint8 or in [-1, 1], as 8-bit values in [0, 1]: a data range of 1.

    Raises:
        LabError: If a value is not finite or out of range.
    """
    return to_bytes(images).float() / 255


def absolute_error(made: Tensor, truth: Tensor) -> Tensor:
    """Return the mean absolute error (N,), in [0, 1]."""
    return (unit(made) - unit(truth)).abs().flatten(1).mean(1)


def psnr(made: Tensor, truth: Tensor) -> Tensor:
    r"""Return the peak signal-to-noise ratio (N,) of each image in decibels.

    .. math:: -10 \log_{10} \max\bigl(\operatorname{mse}, 1 / (12 \cdot 255^2)\bigr)

    for values in [0, 1]; equal images, whose error is that of rounding at best, have 58.9 dB.
    """
    error = (unit(made) - unit(truth)).square().flatten(1).mean(1)
    return -10 * error.clamp(min=ROUNDING).log10()


def ssim(made: Tensor, truth: Tensor) -> Tensor:
    """Return the structural similarity (N,) of images of at least 11×11 pixels.

    References:
        Image Quality Assessment: From Error Visibility to Structural Similarity (Wang et al.
        2004): Gaussian window of 11×11 pixels and deviation 1.5, constants .01 and .03.
    """
    found = torchmetrics_ssim(unit(made), unit(truth), data_range=1.0, reduction="none")
    assert isinstance(found, Tensor)
    return found


def scales_of(height: int, width: int) -> int:
    """Return how many of multi-scale SSIM's five scales an image has room for.

    >>> scales_of(28, 28), scales_of(64, 80), scales_of(256, 256), scales_of(10, 10)
    (2, 3, 5, 0)
    """
    side = min(height, width)
    # The window must fit at each scale, and torchmetrics asks for more of the middle ones.
    room = [n for n in range(1, 6) if min(side >> (n - 1), side // max(1, (n - 1) ** 2)) >= WINDOW]
    return max(room, default=0)


def ms_ssim(made: Tensor, truth: Tensor) -> Tensor:
    """Return the multi-scale structural similarity (N,), over as many scales as there is room for.

    Of fewer than five the paper's weights are divided by their sum.

    References:
        Multi-Scale Structural Similarity for Image Quality Assessment (Wang et al. 2003).
    """
    weights = WEIGHTS[: scales_of(*made.shape[2:])]
    found = torchmetrics_ms_ssim(
        unit(made),
        unit(truth),
        data_range=1.0,
        reduction="none",
        betas=tuple(weight / sum(weights) for weight in weights),
        normalize="relu",
    )
    assert isinstance(found, Tensor)
    return found


def pixel_agreement(made: Tensor, truth: Tensor) -> Tensor:
    """Return the share (N,) of values that are on the same side of mid-grey."""
    return ((unit(made) > 0.5) == (unit(truth) > 0.5)).float().flatten(1).mean(1)


def colourfulness(images: Tensor) -> Tensor:
    r"""Return how colourful each RGB image is (N,), on the scale of 0 to 255.

    .. math:: \sqrt{\sigma_{rg}^2 + \sigma_{yb}^2} + .3 \sqrt{\mu_{rg}^2 + \mu_{yb}^2}, \qquad
        rg = R - G, \quad yb = (R + G)/2 - B

    References:
        Measuring Colourfulness in Natural Images (Hasler and Süsstrunk 2003), equation 11.
    """
    red, green, blue = (255 * unit(images)).flatten(2).unbind(1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue])
    spread = opponents.var(dim=2, correction=0).sum(0).sqrt()
    found: Tensor = spread + 0.3 * opponents.mean(dim=2).square().sum(0).sqrt()
    return found


def saturation(images: Tensor) -> Tensor:
    """Return the mean saturation (N,) of RGB images: largest less smallest value, by the largest.

    >>> saturation(torch.tensor([1.0, -1, -1]).reshape(1, 3, 1, 1))
    tensor([1.])
    """
    values = unit(images)
    largest, smallest = values.amax(1), values.amin(1)
    return ((largest - smallest) / largest.clamp(min=1 / 255)).flatten(1).mean(1)


def detail(images: Tensor) -> Tensor:
    """Return the mean square (N,) of each image's Laplacian: what blurring takes away first."""
    values = unit(images)
    neighbours = values[..., 1:-1, :-2] + values[..., 1:-1, 2:]
    neighbours = neighbours + values[..., :-2, 1:-1] + values[..., 2:, 1:-1]
    found: Tensor = (neighbours - 4 * values[..., 1:-1, 1:-1]).square().flatten(1).mean(1)
    return found
