"""A loss's minibatch means as exact expectations under two distributions."""

from collections.abc import Callable
from enum import Enum

import torch
from torch import Tensor
from torch.func import vmap

Objective = Callable[[Tensor, Tensor], Tensor]
"""Real logits (N,) and generated logits (M,) to a scalar, as every method of a loss is."""

STRATA = 4096
"""Samples in the stratified batch on which an objective that couples its batch is evaluated."""


class Structure(Enum):
    """How an objective depends on the samples of its batch.

    A separable one is a mean over real plus a mean over generated samples; a
    pairwise one is a mean over pairs (relativistic pairing); a coupled one puts
    a batch's statistic inside a nonlinearity (relativistic average).
    """

    SEPARABLE = "separable"
    PAIRWISE = "pairwise"
    COUPLED = "coupled"


def pairs(objective: Objective, real: Tensor, fake: Tensor) -> Tensor:
    """Return the objective of each single pair, shape (N, M), from logits (N,) and (M,)."""

    def one(r: Tensor, f: Tensor) -> Tensor:
        return objective(r.unsqueeze(0), f.unsqueeze(0))

    table: Tensor = vmap(vmap(one, (None, 0)), (0, None))(real, fake)
    return table


def structure(objective: Objective) -> Structure:
    """Return how ``objective`` depends on its batch, found by calling it on a few logits."""
    real = torch.tensor([-1.3, -0.2, 0.4, 1.7], dtype=torch.float64)
    fake = torch.tensor([0.9, -0.7, 0.1, -1.9], dtype=torch.float64)
    table = pairs(objective, real, fake)
    rows, columns = table.mean(1, keepdim=True), table.mean(0, keepdim=True)
    # Sixteen pairs, each once: both marginals are the ones of the table.
    whole = objective(real.repeat_interleave(4), fake.repeat(4))
    if not torch.allclose(whole, table.mean(), rtol=0, atol=1e-9):
        return Structure.COUPLED
    if torch.allclose(table, rows + columns - table.mean(), rtol=0, atol=1e-9):
        return Structure.SEPARABLE
    return Structure.PAIRWISE


def expectation(objective: Objective, real: Tensor, fake: Tensor, p: Tensor, q: Tensor) -> Tensor:
    """Return the objective of infinitely many samples.

    Exact for separable and pairwise objectives; for a coupled one, the value
    on :data:`STRATA` stratified samples.

    Args:
        objective: A bound method of a loss.
        real: Logits of the nodes of p, shape (N,).
        fake: Logits of the nodes of q, shape (M,).
        p: Masses of the real nodes, shape (N,).
        q: Masses of the generated nodes, shape (M,).
    """
    kind = structure(objective)
    if kind is Structure.COUPLED:
        return objective(real[stratified(p)], fake[stratified(q)])
    if kind is Structure.PAIRWISE:
        return p @ pairs(objective, real, fake) @ q
    of_real, of_fake = parts(objective, real, fake)
    return weighted(p, of_real) + weighted(q, of_fake)


def parts(objective: Objective, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Split a separable objective: what each real logit and what each generated one adds.

    The split is unique up to a constant, which the second part keeps.
    """
    origin = torch.zeros(1, dtype=real.dtype)
    of_real = pairs(objective, real, origin).squeeze(1) - objective(origin, origin)
    return of_real, pairs(objective, origin, fake).squeeze(0)


def weighted(mass: Tensor, values: Tensor) -> Tensor:
    """Return the mean of ``values`` in which no mass times infinity is nothing."""
    return (mass * torch.where(mass > 0, values, 0)).sum()


def stratified(mass: Tensor, count: int = STRATA) -> Tensor:
    """Return ``count`` node indices in proportion to ``mass``, without chance."""
    quantiles = (torch.arange(count, dtype=mass.dtype) + 0.5) / count
    return torch.searchsorted(mass.cumsum(0), quantiles).clamp(max=len(mass) - 1)
