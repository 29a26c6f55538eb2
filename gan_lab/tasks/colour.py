"""Between sRGB and CIELAB, differentiably."""

import torch
from torch import Tensor

WHITE = 0.950470, 1.0, 1.088830
"""The illuminant D65 for the 2° observer."""
TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
"""From linear sRGB: IEC 61966-2-1."""
CUBE, SLOPE = 0.008856, 7.787
"""Below the first, a line of the second's slope stands for the cube root: CIE 15."""


def rgb_to_lab(images: Tensor) -> Tensor:
    """Return CIELAB (N, 3, H, W), L in [0, 100], of sRGB images (N, 3, H, W) in [-1, 1]."""
    values = (images + 1) / 2
    above = ((values.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    linear = torch.where(values > 0.04045, above, values / 12.92)
    xyz = mixed(TO_XYZ, linear) / images.new_tensor(WHITE).reshape(3, 1, 1)
    root = torch.where(xyz > CUBE, xyz.clamp(min=CUBE) ** (1 / 3), SLOPE * xyz + 16 / 116)
    x, y, z = root.unbind(dim=1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Return sRGB images (N, 3, H, W), clamped to [-1, 1], of CIELAB (N, 3, H, W)."""
    light, a, b = lab.unbind(dim=1)
    y = (light + 16) / 116
    root = torch.stack([y + a / 500, y, y - b / 200], dim=1)
    cubed = torch.where(root > CUBE ** (1 / 3), root**3, (root - 16 / 116) / SLOPE)
    back = torch.linalg.inv(torch.tensor(TO_XYZ, dtype=torch.float64)).tolist()
    linear = mixed(back, cubed * lab.new_tensor(WHITE).reshape(3, 1, 1))
    above = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    values = torch.where(linear > 0.0031308, above, 12.92 * linear)
    return (2 * values - 1).clamp(-1, 1)


def mixed(matrix: object, images: Tensor) -> Tensor:
    """Return images (N, 3, H, W) whose channels are mixed by a 3×3 matrix."""
    weights = torch.as_tensor(matrix, dtype=images.dtype, device=images.device)
    return (weights[:, :, None, None] * images[:, None]).sum(dim=2)  # autocast rounds no sum
