"""Whether a generator copies its training samples."""

import torch
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.metrics.base import FeatureMetric, require_samples
from gan_lab.metrics.neighbours import nearest
from gan_lab.metrics.reference import Reference

AT_LEAST = 20
"""Samples of either kind that a cell must hold for its rank statistic to be about normal."""


def rank_statistic(test: Tensor, generated: Tensor) -> Tensor:
    r"""Return the z-scored Mann-Whitney statistic of two sets of distances.

    .. math::
        Z = \frac{U - nm/2}{\sqrt{nm(n + m + 1)/12}}, \qquad
        U = \#\{(i, j) : g_j > t_i\} + \tfrac12 \#\{(i, j) : g_j = t_i\}

    About N(0, 1) where both are of one distribution; strongly negative where
    the generated distances are the smaller ones.

    Args:
        test: Distances, shape (n,).
        generated: Distances, shape (m,).
    """
    ordered = test.sort().values
    below = torch.searchsorted(ordered, generated)
    not_above = torch.searchsorted(ordered, generated, right=True)
    wins = (below + not_above).double().sum() / 2
    n, m = len(test), len(generated)
    z: Tensor = (wins - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5
    return z


def data_copying(
    test: Tensor,
    generated: Tensor,
    test_cells: Tensor,
    generated_cells: Tensor,
    at_least: int = AT_LEAST,
) -> Tensor:
    r"""Return the data-copying statistic C_T, the cells' mean :func:`rank_statistic`.

    .. math:: C_T = \sum_\pi P_n(\pi)\, Z(\pi) \Big/ \sum_\pi P_n(\pi)

    over the cells :math:`\pi` of a partition that hold enough samples of both
    kinds, weighted by their share :math:`P_n(\pi)` of the test samples. Far
    below 0: copied from the training set; far above: underfitted.

    References:
        A Non-Parametric Test to Detect Data-Copying in Generative Models
        (Meehan et al. 2020), section 4, arXiv 2004.05675.

    Args:
        test: Distance of each test sample to its nearest training sample, shape (n,).
        generated: The same of generated samples, shape (m,).
        test_cells: Cell of each test sample, integers, shape (n,).
        generated_cells: Cell of each generated sample, shape (m,).
        at_least: Samples of either kind below which a cell is left out.

    Returns:
        A scalar, NaN where no cell holds enough of both.
    """
    total = weights = torch.zeros((), dtype=torch.float64, device=test.device)
    for cell in torch.unique(test_cells):
        here, there = test[test_cells == cell], generated[generated_cells == cell]
        if min(len(here), len(there)) >= at_least:
            total = total + len(here) * rank_statistic(here, there)
            weights = weights + len(here)
    return total / weights


class Memorization(FeatureMetric):
    """Distances to the nearest training sample: of generated samples against test samples.

    ``nearest_train_ratio`` is the median distance of the generated samples over
    that of the test samples, 0 for copies. ``data_copying`` is C_T; a sample's
    cell is the class of its nearest training sample, or one cell holds all
    where the features come from no classifier or there are not 20 real samples
    for each class. Distances are in feature space.

    Args:
        reference: The activations of real samples; they must not be the training samples.

    Raises:
        LabError: If there are fewer than 20 real samples.
    """

    ideals = {"nearest_train_ratio": 1.0, "data_copying": 0.0}

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        require_samples("data_copying", "training", len(reference.train), 1)
        require_samples("data_copying", "real", len(reference.real), AT_LEAST)
        logits = reference.train.logits
        self.has_cells = logits is not None and len(reference.real) >= AT_LEAST * logits.shape[1]

    def compute(self) -> dict[str, Tensor]:
        real, generated = self.collected(AT_LEAST)
        train = self.reference.train.to(generated.device)
        test_distance, test_neighbour = (x[:, 0] for x in nearest(real, train.features))
        distance, neighbour = (x[:, 0] for x in nearest(generated, train.features))
        cells = torch.zeros(len(train), dtype=torch.long, device=generated.device)
        if train.logits is not None and self.has_cells:
            cells = train.logits.argmax(1)
        if not test_distance.median() > 0:
            raise LabError(
                "nearest_train_ratio cannot be told: most test samples are training samples too; "
                "leave memorization out"
            )
        copying = data_copying(test_distance, distance, cells[test_neighbour], cells[neighbour])
        if copying.isnan():
            raise LabError(
                f"data_copying needs a class with {AT_LEAST} real and as many generated samples, "
                "and there is none; raise num_samples or leave memorization out"
            )
        return {
            "nearest_train_ratio": distance.median() / test_distance.median(),
            "data_copying": copying,
        }
