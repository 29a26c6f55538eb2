"""Data sets of two domains: as pairs, as two sets without any, or with the labels of one."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.chosen import select, whole_numbers
from gan_lab.data.loader import Loader
from gan_lab.data.samples import Samples
from gan_lab.data.stored import StoredTensor
from gan_lab.data.unpaired import UnpairedLoader
from gan_lab.errors import LabError

Arrangement = Literal["pairs", "unpaired", "adaptation"]
KEYS: dict[Arrangement, tuple[str, str]] = {
    "pairs": ("source", "x"),
    "unpaired": ("a", "b"),
    "adaptation": ("source", "x"),
}
"""What minibatches call the samples of the first and of the second domain."""


class Domains(Samples):
    """A split of two domains; ``images`` and ``labels`` are the second's, where translations end.

    Attributes:
        columns: Both domains' images by the names that minibatches have them by.
        classes: Of each domain, the labels of its images; 0 where there are none.
        matched: Whether rows of both belong together.
    """

    columns: Mapping[str, Tensor | StoredTensor]
    classes: Mapping[str, Tensor]
    matched: bool

    def __new__(
        cls,
        columns: Mapping[str, Tensor | StoredTensor],
        classes: Mapping[str, Tensor] | None = None,
        matched: bool = True,
    ) -> "Domains":
        """Make the pair of images and labels that every split is, and keep the rest beside it."""
        if classes is None:
            classes = {
                name: torch.zeros(len(column), dtype=torch.long) for name, column in columns.items()
            }
        _, second = columns
        made = super().__new__(cls, columns[second], classes[second])
        made.columns, made.classes, made.matched = columns, classes, matched
        return made

    @property
    def beside(self) -> Mapping[str, Tensor | StoredTensor]:
        """The first domain, where rows belong together; under its name."""
        return {name: column for name, column in self.columns.items() if name != "x"}

    @property
    def size(self) -> int:
        """Samples of the smaller domain."""
        return min(map(len, self.columns.values()))

    @property
    def aligned(self) -> bool:
        """Whether rows of both domains belong together."""
        return self.matched

    def rows(self, rows: Tensor, labelled: str = "x") -> dict[str, Tensor]:
        """Return both domains' images of some rows, as they are stored; see :class:`Samples`."""
        found = {name: column[rows % len(column)] for name, column in self.columns.items()}
        classes = self.classes.get(labelled, self.labels)
        return {**found, "label": classes[rows % len(classes)]}

    def select(self, rows: Mapping[str, Tensor]) -> "Domains":
        """Return the images of each domain that its rows (n,) name."""
        return Domains(
            {name: select(column, rows[name]) for name, column in self.columns.items()},
            {name: labels[rows[name]] for name, labels in self.classes.items()},
            self.matched,
        )


class DomainsDataModule(InMemoryDataModule, ABC):
    """Two domains of images, of which a subclass reads both splits of both.

    Minibatches hold what ``arrangement`` says:

    - ``pairs``: ``source`` and ``x``, row by row two views of one thing;
    - ``unpaired``: ``a`` and ``b``, each in an order of its own;
    - ``adaptation``: ``source`` with its ``label``, and ``x``, each in an order of its own.

    Where rows of the two belong together and training is not told so, it is shown half of the
    things in the one domain and the other half in the other, so that no pair is seen. The test
    split keeps its pairs, to measure by.

    Args:
        sample_shape: Of the second domain.
        arrangement: See above.
        source_shape: Of the first domain; as the second's by default.
        options: See :class:`InMemoryDataModule`; ``validation_size`` images of each domain.

    Attributes:
        aligned: Whether rows of the two domains belong together.

    Raises:
        ValueError: If there is no such arrangement, or pairs are asked for and there are none.
    """

    poisson = False
    aligned: ClassVar[bool] = True

    def __init__(
        self,
        sample_shape: Sequence[int],
        arrangement: Arrangement = "unpaired",
        source_shape: Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, **options)
        if arrangement not in KEYS:
            raise ValueError(f"arrangement must be one of {', '.join(KEYS)}, got {arrangement!r}")
        if arrangement == "pairs" and not self.aligned:
            raise ValueError(f"{type(self).__name__} has no pairs; use arrangement=unpaired")
        if self.training_size is not None or self.leave_out:
            raise ValueError("size and leave_out choose samples of one set, and these are two")
        self.arrangement = arrangement
        self.source_shape = whole_numbers(source_shape or sample_shape)

    @property
    def keys(self) -> tuple[str, str]:
        """What minibatches call the samples of the first and of the second domain."""
        return KEYS[self.arrangement]

    @abstractmethod
    def load(self, train: bool) -> Domains:
        """Read the training or the test split, its columns named by :attr:`keys`."""

    def setup(self, stage: str | None = None) -> None:
        """Read the splits, once.

        Raises:
            LabError: If the hold-out leaves too little to train on.
        """
        if hasattr(self, "train"):
            return
        whole, held = self.load(train=True), self.validation_size
        if 2 * held >= whole.size:
            raise LabError(
                f"data.validation_size must be below half of the {whole.size} training samples, "
                f"got {held}"
            )
        # Rows that belong together are many in both: they are shuffled alike.
        orders = {name: self.shuffled(len(column)) for name, column in whole.columns.items()}
        parts = {name: (order[:held].sort().values, order[held:]) for name, order in orders.items()}
        self.validation = whole.select({name: rows for name, (rows, _) in parts.items()})
        kept = {name: rows for name, (_, rows) in parts.items()}
        if self.aligned and self.arrangement != "pairs":
            first, second = self.keys
            half = len(kept[first]) // 2
            kept = {first: kept[first][:half], second: kept[second][half:]}
        self.train = whole.select({name: rows.sort().values for name, rows in kept.items()})
        self.test = self.load(train=False)

    def shuffled(self, count: int) -> Tensor:
        """Return an order of so many rows that depends on the seed alone."""
        return torch.randperm(count, generator=torch.Generator().manual_seed(self.seed))

    def train_dataloader(self) -> Loader:
        """Return a loader whose steps hold as many minibatches as the module in training wants."""
        if self.arrangement == "pairs":
            return self.loader(self.train, self.seed)
        assert isinstance(self.train, Domains)
        loaders = {
            name: self.loader(Samples(column, self.train.classes[name]), 2 * self.seed + index)
            for index, (name, column) in enumerate(self.train.columns.items())
        }
        return UnpairedLoader(loaders, self.keys[0] if self.arrangement == "adaptation" else None)
