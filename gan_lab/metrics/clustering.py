"""How well clusters agree with classes, whatever number each has."""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor


def contingency(clusters: Tensor, classes: Tensor) -> Tensor:
    """Return how many samples lie in each cluster and each class, a square table.

    Args:
        clusters: Not negative, shape (N,).
        classes: Not negative, shape (N,).
    """
    size = int(torch.maximum(clusters.max(), classes.max())) + 1
    pairs = clusters.long() * size + classes.long()
    return pairs.bincount(minlength=size**2).reshape(size, size).double().cpu()


def cluster_accuracy(clusters: Tensor, classes: Tensor) -> Tensor:
    r"""Return the share of samples in the cluster of their class, under the best one-to-one naming.

    .. math:: \max_\pi \frac1N \sum_i 1[y_i = \pi(c_i)]

    References:
        Unsupervised Deep Embedding for Clustering Analysis (Xie et al. 2016), equation 10, arXiv
        1511.06335.

    Example:
        >>> cluster_accuracy(torch.tensor([2, 2, 0, 1]), torch.tensor([0, 0, 1, 1])).item()
        0.75
    """
    table = contingency(clusters, classes)
    rows, columns = linear_sum_assignment(table.numpy(), maximize=True)
    return table[torch.as_tensor(rows), torch.as_tensor(columns)].sum() / table.sum()


def normalised_information(clusters: Tensor, classes: Tensor) -> Tensor:
    r"""Return :math:`2 I(c; y) / (H(c) + H(y))`, from 0 to 1; 0 where both are one group.

    References:
        Cluster Ensembles (Strehl and Ghosh 2002), with the entropies' arithmetic mean.
    """
    table = contingency(clusters, classes)
    joint = table / table.sum()
    ours, theirs = (torch.special.entr(joint.sum(axis)).sum() for axis in (1, 0))
    shared = ours + theirs - torch.special.entr(joint).sum()
    information: Tensor = 2 * shared / (ours + theirs).clamp(min=1e-12)
    return information


def adjusted_rand(clusters: Tensor, classes: Tensor) -> Tensor:
    r"""Return how many more pairs agree than by chance, as a share of how many more could.

    .. math:: \frac{R - E[R]}{\tfrac12 (A + B) - E[R]}, \qquad E[R] = A B / \tbinom N2

    for the pairs that are together in both (R), by clusters (A) and by classes (B).

    References:
        Comparing Partitions (Hubert and Arabie 1985), equation 5.
    """
    table = contingency(clusters, classes)
    both, ours, theirs, total = (
        (counts * (counts - 1) / 2).sum()
        for counts in (table, table.sum(1), table.sum(0), table.sum())
    )
    chance = ours * theirs / total
    possible = (ours + theirs) / 2 - chance
    return torch.ones(()) if possible == 0 else (both - chance) / possible


def clustering_figures(clusters: Tensor, classes: Tensor) -> dict[str, float]:
    """Return accuracy, normalised mutual information and the adjusted Rand index.

    Args:
        clusters: Not negative, shape (N,).
        classes: Not negative, shape (N,).
    """
    return {
        "accuracy": float(cluster_accuracy(clusters, classes)),
        "nmi": float(normalised_information(clusters, classes)),
        "ari": float(adjusted_rand(clusters, classes)),
    }
