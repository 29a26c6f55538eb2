"""Exact nearest neighbours, a block of distances at a time."""

from collections.abc import Iterator

import torch
from torch import Tensor

BLOCK = 2**22
"""Distances held at once: 32 MiB, which caches still serve well."""


def blocks(points: Tensor, others: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Yield (first row, distances from some points to all others) until every point is served.

    In double precision, as the fast formula for distances loses half of the
    digits and copies of training samples must come out at distance nought.
    """
    points, others = points.double(), others.double()
    rows = max(1, BLOCK // max(1, len(others)))
    for start in range(0, len(points), rows):
        yield start, torch.cdist(points[start : start + rows], others)


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
