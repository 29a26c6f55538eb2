"""Large images a tile at a time."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor


def tiled(
    translate: Callable[[Tensor], Tensor], image: Tensor, tile: int, overlap: int, scale: int = 1
) -> Tensor:
    """Return what a function makes of an image, computed tile by tile.

    Neighbouring tiles share ``overlap`` rows or columns. Of these the outer quarter on either side
    is context alone, and over the half between them one tile fades into the other. So a function
    that looks no further than a quarter of the overlap gives what it would give of the whole.

    Args:
        translate: Images (1, C, h, w) to (1, C', scale h, scale w).
        image: Shape (1, C, H, W).
        tile: Largest height and width that is translated at once, above twice the overlap.
        overlap: In pixels of the source.
        scale: Of the function.

    Returns:
        Shape (1, C', scale H, scale W).

    Raises:
        ValueError: If tiles would consist of overlap.
    """
    if not 0 <= 2 * overlap < tile:
        raise ValueError(f"tile must be above twice the overlap of {overlap}, got {tile}")
    height, width = image.shape[2:]
    rows, columns = starts(height, tile, overlap), starts(width, tile, overlap)
    whole = weights = torch.empty(0)
    for top, above in zip(rows, fades(rows, height, tile, scale), strict=True):
        for left, aside in zip(columns, fades(columns, width, tile, scale), strict=True):
            made = translate(image[:, :, top : top + tile, left : left + tile]).float().cpu()
            if not whole.numel():
                whole = torch.zeros(1, made.shape[1], scale * height, scale * width)
                weights = torch.zeros(scale * height, scale * width)
            weight = above[:, None] * aside
            place = (
                slice(scale * top, scale * top + made.shape[2]),
                slice(scale * left, scale * left + made.shape[3]),
            )
            whole[:, :, place[0], place[1]] += weight * made
            weights[place] += weight
    return whole / weights


def starts(size: int, tile: int, overlap: int) -> list[int]:
    """Return where tiles begin along a side; the last ends where the side does.

    >>> starts(100, 40, 10), starts(30, 40, 10), starts(41, 40, 10)
    ([0, 30, 60], [0], [0, 1])
    """
    if size <= tile:
        return [0]
    return [*range(0, size - tile, tile - overlap), size - tile]


def fades(begins: list[int], size: int, tile: int, scale: int) -> list[Tensor]:
    """Return the weights of each tile along a side, of scaled length: ramps where two meet."""
    length = min(tile, size)
    found = [torch.ones(scale * length, dtype=torch.float64) for _ in begins]
    for index, (one, other) in enumerate(pairwise(begins)):
        shared = scale * (one + length - other)
        ramp = (torch.arange(shared, dtype=torch.float64) + 0.5) / max(shared, 1)
        rising = (2 * ramp - 0.5).clamp(0, 1)  # 0 and 1 on the outer quarters
        found[index][scale * length - shared :] *= 1 - rising
        found[index + 1][:shared] *= rising
    return [weights.float() for weights in found]
