"""A split of a data set."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from gan_lab.data.stored import StoredTensor


class Samples(NamedTuple):
    """A split: images (N, C, H, W) as uint8, or points (N, 2) as float, and labels (N,)."""

    images: Tensor | StoredTensor
    labels: Tensor

    @property
    def beside(self) -> Mapping[str, Tensor | StoredTensor]:
        """What minibatches hold of each row beside ``x`` and ``label``; nothing here."""
        return {}

    @property
    def aligned(self) -> bool:
        """Whether all that is in a row belongs together."""
        return True

    def rows(self, rows: Tensor, labelled: str = "x") -> dict[str, Tensor]:
        """Return what minibatches hold of some rows, as it is stored.

        Args:
            rows: Their numbers (n,).
            labelled: The column whose labels are given.
        """
        return {"x": self.images[rows], "label": self.labels[rows]}

    @property
    def size(self) -> int:
        """Samples of the smallest set among those that minibatches are drawn from."""
        return len(self.images)
