"""Exact nearest neighbours, a block of distances at a time."""

from collections.abc import Iterator

import torch
from torch import Tensor

BLOCK = 2**22
"""Distances held at once: 32 MiB, which caches still serve well."""


def blocks(points: Tensor, others: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Yield (first row, distances from some points to all others) until every point is served.

    By |x - y|² = |x|² + |y|² - 2 x·y, in double precision, as the formula loses
    half of the digits and copies of training samples must come out at distance
    nought. Each block overwrites the one before.
    """
    points, others = points.double(), others.double()
    norms = others.square().sum(1)
    rows = max(1, min(len(points), BLOCK // max(1, len(others))))
    # One buffer for all, as small results between large blocks would fragment the memory.
    buffer = points.new_empty(rows, len(others))
    for start in range(0, len(points), rows):
        part = points[start : start + rows]
        squares = torch.addmm(norms, part, others.mT, alpha=-2, out=buffer[: len(part)])
        squares += part.square().sum(1, keepdim=True)
        yield start, squares.clamp_(min=0).sqrt_()


def nearest(
    points: Tensor, others: Tensor, k: int = 1, leave_one_out: bool = False
) -> tuple[Tensor, Tensor]:
    """Return distances (N, k) to each point's k nearest others, ascending, and their indices.

    Args:
        points: Shape (N, d).
        others: Shape (M, d), M at least k.
        k: Neighbours.
        leave_one_out: Whether ``others`` are the points themselves, in the same order, and no
            point is a neighbour of its own.
    """
    distances, indices = [], []
    for start, block in blocks(points, others):
        if leave_one_out:
            block.diagonal(start).fill_(torch.inf)
        # The minimum alone is found several times faster than the k smallest.
        smallest = block.min(1, keepdim=True) if k == 1 else block.topk(k, largest=False)
        distances.append(smallest.values)
        indices.append(smallest.indices)
    return torch.cat(distances), torch.cat(indices)


def radii(points: Tensor, k: int) -> Tensor:
    """Return the distance (N,) of each point to its k-th nearest other point."""
    return nearest(points, points, k, leave_one_out=True)[0][:, -1]


def balls_around(points: Tensor, centres: Tensor, radii: Tensor) -> Tensor:
    """Return in how many balls of the given centres and radii each point lies, shape (N,)."""
    return torch.cat([(block <= radii).sum(1) for _, block in blocks(points, centres)])
