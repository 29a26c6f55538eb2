"""Optimal transport: the exact distance, and the best 1-Lipschitz critic."""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import coo_array, vstack
from torch import Tensor


def assignment_distance(real: Tensor, fake: Tensor) -> float:
    r"""Return :math:`W_1` between two point clouds of equally many points, by assignment.

    .. math:: \min_\pi \frac1n \sum_i \|x_i - y_{\pi(i)}\|_2

    Args:
        real: Points, shape (n, d).
        fake: Points, shape (n, d).

    Raises:
        ValueError: If the clouds differ in size.
    """
    if real.shape != fake.shape:
        raise ValueError(f"both clouds need equally many points, got {len(real)} and {len(fake)}")
    costs = torch.cdist(real.double(), fake.double()).numpy()
    return float(costs[linear_sum_assignment(costs)].mean())


def lipschitz_maximiser(points: Tensor, gain: Tensor) -> Tensor:
    r"""Return the 1-Lipschitz function on ``points`` with the largest :math:`\sum_i g_i D(x_i)`.

    This is Kantorovich and Rubinstein's dual as a linear programme. On the
    line neighbours suffice for constraints; elsewhere all pairs are needed.

    Args:
        points: Shape (N, d), all different; ascending if d = 1.
        gain: :math:`g`, shape (N,), summing to 0, as real minus generated masses do.

    Returns:
        The values D(x_i), shape (N,), the first of them 0.

    Raises:
        ValueError: If the gains do not sum to 0, so that no maximum exists.
    """
    if not abs(float(gain.sum())) < 1e-6:
        raise ValueError(f"gains must sum to 0 for a maximum to exist, got {float(gain.sum()):g}")
    count = len(points)
    if count == 1:
        return torch.zeros(1, dtype=torch.float64)
    if points.shape[1] == 1:
        first = np.arange(count - 1)
        second = first + 1
    else:
        first, second = np.triu_indices(count, k=1)
    distances = torch.linalg.vector_norm(points[first] - points[second], dim=1).double().numpy()
    rows = np.arange(len(first))
    differences = coo_array(
        (
            np.concatenate([np.ones(len(rows)), -np.ones(len(rows))]),
            (np.concatenate([rows, rows]), np.concatenate([first, second])),
        ),
        shape=(len(rows), count),
    ).tocsr()
    bounds = [(0.0, 0.0)] + [(None, None)] * (count - 1)
    result = linprog(
        -gain.double().numpy(),
        A_ub=vstack([differences, -differences]),  # |D(x) - D(y)| has two sides
        b_ub=np.concatenate([distances, distances]),
        bounds=bounds,
        method="highs",
    )
    return torch.as_tensor(result.x)
