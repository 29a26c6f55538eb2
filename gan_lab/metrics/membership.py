r"""How well members of a training set are told from others by a score: attacks, and their bound.

An attack gives each record a score, the larger the more it takes it for a member, and says "member"
above some threshold. Of members it then names a share (the true-positive rate), of others the
false-positive rate; all thresholds together are its curve.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_lab.errors import LabError

FALSE_POSITIVES = 1e-3
"""The rate at which an attack's true positives are told: what it says of few people with surety."""


@dataclass(frozen=True)
class Attack:
    """What an attack reaches.

    Attributes:
        name: Of the attack.
        auc: Area under the curve: how often a member scores above another record.
        auc_interval: 95 % of bootstrap samples lie in it.
        tpr: True-positive rate at :data:`FALSE_POSITIVES`.
        tpr_interval: As the area's.
        accuracy: The best of any threshold, half of the records being members.
        curve: False- and true-positive rates (2, n), ascending from (0, 0) to (1, 1).
    """

    name: str
    auc: float
    auc_interval: tuple[float, float]
    tpr: float
    tpr_interval: tuple[float, float]
    accuracy: float
    curve: Tensor


def separation(members: Tensor, others: Tensor) -> float:
    r"""Return the area under the curve, :math:`P(m > o) + \tfrac12 P(m = o)`.

    Args:
        members: Scores, shape (n,).
        others: Scores, shape (m,).

    Example:
        >>> separation(torch.tensor([2.0, 3.0]), torch.tensor([1.0, 2.0]))
        0.875
    """
    ordered = others.sort().values
    below = torch.searchsorted(ordered, members.contiguous())
    not_above = torch.searchsorted(ordered, members.contiguous(), right=True)
    return float((below + not_above).double().mean() / (2 * len(others)))


def curve(members: Tensor, others: Tensor) -> Tensor:
    """Return false- and true-positive rates (2, n) at each threshold, from the highest on.

    Scores that are equal lie on one side of every threshold.
    """
    thresholds = torch.cat([members, others]).unique(sorted=True).flip(0)  # type: ignore[no-untyped-call]
    rates = [above(scores, thresholds) for scores in (others, members)]
    return torch.cat([torch.zeros(2, 1, dtype=torch.float64), torch.stack(rates)], dim=1)


def above(scores: Tensor, thresholds: Tensor) -> Tensor:
    """Return the share of scores that reach each threshold, in double precision."""
    ordered = scores.sort().values
    return 1 - torch.searchsorted(ordered, thresholds.contiguous()).double() / len(scores)


def true_positives(
    members: Tensor, others: Tensor, false_positives: float = FALSE_POSITIVES
) -> float:
    """Return the largest share of members that is named while of others at most a share is.

    References:
        Membership Inference Attacks From First Principles (Carlini et al. 2022), section IV, arXiv
        2112.03570, for why not the area alone.
    """
    allowed = int(false_positives * len(others))
    threshold = others.sort(descending=True).values[allowed]  # which may not be reached itself
    return float((members > threshold).double().mean())


def attack(
    name: str, members: Tensor, others: Tensor, resamples: int = 500, seed: int = 0
) -> Attack:
    """Return what scores tell of membership, with bootstrap intervals over records.

    Args:
        name: Of the attack.
        members: Scores of training records, shape (n,).
        others: Scores of records that were not trained on, shape (m,).
        resamples: Bootstrap samples, positive.
        seed: Of the bootstrap.

    Raises:
        LabError: If there are none of either, or a score is not finite.
    """
    for kind, scores in (("members", members), ("others", others)):
        if not len(scores) or not bool(scores.isfinite().all()):
            raise LabError(f"the attack {name} needs finite scores of {kind}, and has none or not")
    members, others = members.double(), others.double()
    random = torch.Generator().manual_seed(seed)
    areas, hits = [], []
    for _ in range(resamples):
        ours = members[torch.randint(len(members), (len(members),), generator=random)]
        theirs = others[torch.randint(len(others), (len(others),), generator=random)]
        areas.append(separation(ours, theirs))
        hits.append(true_positives(ours, theirs))
    points = curve(members, others)
    return Attack(
        name,
        separation(members, others),
        interval(areas),
        true_positives(members, others),
        interval(hits),
        float((1 + (points[1] - points[0]).max()) / 2),
        points,
    )


def interval(values: list[float]) -> tuple[float, float]:
    """Return the middle 95 % of values."""
    found = torch.tensor(values, dtype=torch.float64).quantile(
        torch.tensor([0.025, 0.975], dtype=torch.float64)
    )
    return float(found[0]), float(found[1])


def most_true_positives(rate: Tensor | float, epsilon: float, delta: float = 0.0) -> Tensor:
    r"""Return the largest true-positive rate that any attack on a private model has.

    .. math:: \min(e^\epsilon \alpha + \delta,\; 1 - e^{-\epsilon} (1 - \delta - \alpha),\; 1)

    References:
        The Composition Theorem for Differential Privacy (Kairouz et al. 2015), theorem 2.1, arXiv
        1311.0776.

    Args:
        rate: False-positive rates :math:`\alpha`.
        epsilon: Of the guarantee, not negative; infinite where there is none.
        delta: Of the guarantee.
    """
    alpha = torch.as_tensor(rate, dtype=torch.float64)
    if math.isinf(epsilon):
        return torch.ones_like(alpha)
    first = math.exp(min(epsilon, 700.0)) * alpha + delta
    second = 1 - math.exp(-epsilon) * (1 - delta - alpha)
    return torch.minimum(torch.minimum(first, second), torch.ones_like(alpha))


def most_separation(epsilon: float, delta: float = 0.0) -> float:
    """Return the largest area under the curve of any attack: under :func:`most_true_positives`."""
    if math.isinf(epsilon):
        return 1.0
    # The bound is a polygon, so that the trapezoids between its corners are all of it.
    grow, shrink = math.exp(min(epsilon, 700.0)), math.exp(-epsilon)
    meeting = (1 - delta - shrink * (1 - delta)) / (grow - shrink) if epsilon else 0.0
    corners = [0.0, meeting, 1 - delta, 1.0]
    rates = torch.tensor(corners, dtype=torch.float64).clamp(0, 1).sort().values
    return float(torch.trapezoid(most_true_positives(rates, epsilon, delta), rates))


def most_accuracy(epsilon: float, delta: float = 0.0) -> float:
    r"""Return the largest accuracy of any attack on balanced records.

    .. math:: \frac{e^\epsilon + \delta}{1 + e^\epsilon}

    Example:
        >>> most_accuracy(0.0), most_accuracy(math.inf)
        (0.5, 1.0)
    """
    shrink = math.exp(-epsilon)
    return (1 + delta * shrink) / (1 + shrink)
