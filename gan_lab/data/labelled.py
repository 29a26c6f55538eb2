"""Few labels: which are known, and how they come beside minibatches."""

from typing import Any

import torch
from torch import Tensor

from gan_lab.contracts import Sample
from gan_lab.data.loader import BatchLoader, as_minibatches
from gan_lab.data.stored import StoredTensor
from gan_lab.errors import LabError

UNKNOWN = -1
"""The label of a sample whose class is not to be known."""


def balanced(labels: Tensor, count: int, seed: int, key: str = "data.labels") -> Tensor:
    """Return which samples are chosen, equally many of each class, in ascending order.

    Args:
        labels: Of all samples, shape (N,).
        count: Of those that are chosen.
        seed: Of the choice.
        key: That asks for them, for messages.

    Raises:
        LabError: If they do not divide among the classes, or a class has too few samples.
    """
    classes, sizes = labels.unique(return_counts=True)  # type: ignore[no-untyped-call]
    share, rest = divmod(count, len(classes))
    if rest or not share:
        raise LabError(
            f"{key}={count} does not divide among {len(classes)} classes; "
            f"{key}={max(1, share) * len(classes)} does"
        )
    if share > int(sizes.min()):
        raise LabError(
            f"{key}={count} asks for {share} samples of each class, and one has "
            f"{int(sizes.min())}; make it smaller"
        )
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    found = [order[labels[order] == value][:share] for value in classes]
    return torch.cat(found).sort().values


class LabelledLoader(BatchLoader):
    """Steps with labelled samples beside each minibatch, as many as that has.

    A minibatch holds ``labelled_x`` and ``labelled_label`` too. They go through the labelled
    samples again and again, in an order that is a function of the seed and the step's number
    alone.

    Args:
        samples: See :class:`BatchLoader`.
        labels: See :class:`BatchLoader`; :data:`UNKNOWN` where the class is not known.
        options: See :class:`BatchLoader`.

    Raises:
        ValueError: If no label is known.
    """

    def __init__(
        self, samples: Tensor | StoredTensor, labels: Tensor, *options: Any, **named: Any
    ) -> None:
        super().__init__(samples, labels, *options, **named)
        self.known = (labels != UNKNOWN).nonzero().flatten().to(samples.device)
        if not len(self.known):
            raise ValueError("none of the labels is known")

    def _step(self, index: Tensor) -> list[Sample]:
        minibatches = super()._step(index)
        chosen = self.known[self._places().to(self.known.device)]
        samples = self.samples[chosen].to(self.labels.device)
        labels = {"label": self.labels[chosen.to(self.labels.device)]}
        beside = as_minibatches(samples, labels, self.batch_size, self.medium)
        return [
            {**batch, **{f"labelled_{name}": value for name, value in extra.items()}}
            for batch, extra in zip(minibatches, beside, strict=True)
        ]

    def _places(self) -> Tensor:
        # Where the loader stands names the step, of which there is one on the way from seed to end.
        number = self.epoch * len(self) + self.position
        key = (self.seed * 1_000_003 + number) * 1_009 + self.rank
        random = torch.Generator().manual_seed(key)
        rounds = -(-self.step_size // len(self.known))
        orders = [torch.randperm(len(self.known), generator=random) for _ in range(rounds)]
        return torch.cat(orders)[: self.step_size]
