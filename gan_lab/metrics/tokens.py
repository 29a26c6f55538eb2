"""Texts as metrics see them: rows of tokens, and what of a row is one sequence."""

from collections.abc import Sequence

from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.metrics.base import FeatureMetric
from gan_lab.metrics.features import Activations, FeatureNetwork
from gan_lab.metrics.reference import Reference

Tokens = tuple[int, ...]


class TokenFeatures(FeatureNetwork):
    """The tokens themselves, for metrics that count them; no distance between them means anything.

    Args:
        medium: What the samples are made of: texts.

    Raises:
        ValueError: If it is none.
    """

    digest = "tokens"
    name = "tokens"

    def __init__(self, medium: Medium) -> None:
        super().__init__()
        if medium.name != "text":
            raise ValueError(f"metrics/features=tokens takes texts, got {medium.name}")
        self.medium = medium
        self.num_features = medium.shape[0]

    def forward(self, samples: Tensor) -> Activations:
        shape = list(self.medium.shape)
        if list(samples.shape[1:]) != shape:
            raise LabError(f"samples must have shape {shape}, got {list(samples.shape[1:])}")
        return Activations(samples.double())  # exact, and floats as all features are


class TokenMetric(FeatureMetric):
    """A metric of sequences of tokens.

    Args:
        reference: Of real sequences, as :class:`TokenFeatures` gives them.
        end: The token that ends a sequence; None where all have the full length.

    Raises:
        ValueError: If the features are no tokens.
    """

    def __init__(self, reference: Reference, end: int | None = None) -> None:
        super().__init__(reference)
        if reference.network != TokenFeatures.name:
            raise ValueError(f"{type(self).__name__} counts tokens; use metrics/features=tokens")
        self.end = end

    def sequences(self, features: Tensor) -> list[Tokens]:
        """Return rows (N, T) as sequences up to their ends, those of nothing left out."""
        return [row for row in cut(features.long().tolist(), self.end) if row]


def cut(rows: Sequence[Sequence[int]], end: int | None) -> list[Tokens]:
    """Return rows without what comes from the end on.

    >>> cut([[3, 4, 0, 0], [0, 1, 0, 0]], 0)
    [(3, 4), ()]
    """
    if end is None:
        return [tuple(row) for row in rows]
    return [tuple(row[: row.index(end)] if end in row else row) for row in rows]
