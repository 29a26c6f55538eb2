"""Solids as they look, without a graphics library: rays through the grid, lit where they hit."""

import math

import torch
from torch import Tensor
from torch.nn.functional import avg_pool3d, grid_sample

AZIMUTH, ELEVATION = math.radians(35), math.radians(25)
"""Where one looks from: so far to the right of the front, and above it."""
LIGHT = (-0.5, 0.8, 1.0)
"""Where light comes from: left, above, in front, as the eye sees it."""
AMBIENT = 0.25
LEVEL = 0.4
"""Of what lies between cubes; at a half, walls of one cube aslant would have gaps."""
REACH, DEEP = 1.5, 1.75
"""Half of the picture's width and depth, in half edges of a cube: none of it lies beyond."""


def render(solids: Tensor, size: int = 96) -> Tensor:
    """Return pictures of solids in parallel projection.

    Args:
        solids: uint8, shape (N, D, H, W); inside from 128 on, heights grow upwards, and what is
            deep is near.
        size: Edge of a picture.

    Returns:
        uint8, shape (N, 1, size, size): the solid bright, where light falls onto it, on dark grey.
    """
    places, inward = rays(solids.shape[1:], size, solids.device)
    return torch.stack([lit(solid, places, inward) for solid in solids])[:, None]


def rays(shape: torch.Size, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return points along a ray for each pixel, and the eye's axes.

    Returns:
        Points (steps, size, size, 3) as (x, y, z), 1 at the faces of the grid, and the axes to the
        right, upwards and towards the eye as rows (3, 3).
    """
    toward = torch.tensor(
        [
            math.sin(AZIMUTH) * math.cos(ELEVATION),
            math.sin(ELEVATION),
            math.cos(AZIMUTH) * math.cos(ELEVATION),
        ],
        device=device,
    )
    right = torch.tensor([math.cos(AZIMUTH), 0.0, -math.sin(AZIMUTH)], device=device)
    axes = torch.stack([right, torch.linalg.cross(toward, right), toward])
    line = torch.linspace(-REACH, REACH, size, device=device)
    near_to_far = torch.linspace(DEEP, -DEEP, 4 * max(shape), device=device)
    depth, up, aside = torch.meshgrid(near_to_far, line.flip(0), line, indexing="ij")
    points = torch.stack([aside, up, depth], dim=-1) @ axes
    sides = torch.tensor([shape[2], shape[1], shape[0]], device=device)
    return points * (max(shape) / sides), axes


def lit(solid: Tensor, places: Tensor, axes: Tensor) -> Tensor:
    """Return the picture (size, size) of one uint8 solid (D, H, W)."""
    volume = solid.float()[None, None] / 255
    inside = grid_sample(volume, places[None], align_corners=False)[0, 0] > LEVEL
    hit = inside.any(0)
    first = (inside.float().argmax(0) - 2).clamp(
        min=0
    )  # about a cube before, as sheets have two sides
    points = places.gather(0, first[None, :, :, None].expand(-1, -1, -1, 3))
    smooth = avg_pool3d(torch.nn.functional.pad(volume, [2] * 6), 3, stride=1)[0, 0]
    slopes = torch.stack([central(smooth, axis) for axis in (2, 1, 0)])  # along x, y, z
    normals = -grid_sample(slopes[None], points[None], align_corners=False)[0, :, 0]
    normals = torch.nn.functional.normalize(normals, dim=0)
    light = torch.nn.functional.normalize(torch.tensor(LIGHT, device=solid.device), dim=0) @ axes
    shade = AMBIENT + (1 - AMBIENT) * (light @ normals.flatten(1)).clamp(min=0).reshape(hit.shape)
    background = torch.full_like(shade, 0.12)
    return torch.where(hit, shade, background).mul(255).round().byte()


def central(smooth: Tensor, axis: int) -> Tensor:
    """Return differences over two cubes along an axis, of volumes padded by one."""
    middle = [slice(1, -1)] * 3
    after, before = middle.copy(), middle.copy()
    after[axis], before[axis] = slice(2, None), slice(0, -2)
    return smooth[tuple(after)] - smooth[tuple(before)]
