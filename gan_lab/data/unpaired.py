"""Minibatches of several sets, each in an order of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from gan_lab.contracts import Sample
from gan_lab.data.loader import BatchLoader


class UnpairedLoader:
    """Steps whose minibatches hold samples of several sets that have nothing to do with each other.

    An epoch is one of the longest set's; the others go on from where they stood, so that within
    their own epochs each shows every sample at most once.

    Args:
        loaders: Of each set, by the name that minibatches have its samples by; each with an order
            of its own, so with seeds that differ.
        labelled: The set whose labels are kept, as ``label``; none by default.

    Raises:
        ValueError: If there is no such set.
    """

    def __init__(self, loaders: Mapping[str, BatchLoader], labelled: str | None = None) -> None:
        if labelled is not None and labelled not in loaders:
            raise ValueError(f"labelled must be one of {', '.join(loaders)}, got {labelled}")
        self.loaders, self.labelled = loaders, labelled

    def __len__(self) -> int:
        """Return the number of steps in an epoch."""
        return max(map(len, self.loaders.values()))

    def __iter__(self) -> Iterator[list[Sample]]:
        """Yield the rest of the current epoch, each step as minibatches of all sets."""
        longest = max(self.loaders, key=lambda name: len(self.loaders[name]))
        # The longest first: where it ends, none of the others has been asked for a step too many.
        names = [longest, *(name for name in self.loaders if name != longest)]
        streams = [iter(self.loaders[longest]), *(endless(self.loaders[n]) for n in names[1:])]
        for steps in zip(*streams, strict=False):
            yield [
                self._joined(dict(zip(names, parts, strict=True)))
                for parts in zip(*steps, strict=True)
            ]

    def _joined(self, parts: Mapping[str, Sample]) -> Sample:
        joined = {name: parts[name]["x"] for name in self.loaders}
        if self.labelled is not None:
            joined["label"] = parts[self.labelled]["label"]
        return joined

    def state_dict(self) -> dict[str, Any]:
        """Return which step of each set comes next."""
        return {name: loader.state_dict() for name, loader in self.loaders.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the steps that ``state`` names; see :meth:`BatchLoader.load_state_dict`."""
        for name, loader in self.loaders.items():
            loader.load_state_dict(state[name])


def endless(loader: BatchLoader) -> Iterator[list[Sample]]:
    """Yield steps from where a loader stands, epoch after epoch."""
    while True:
        yield from loader
