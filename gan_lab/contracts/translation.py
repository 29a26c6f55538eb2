"""What a task that makes samples of samples promises to panels, metrics and command lines."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lab.contracts.medium import Medium
from gan_lab.contracts.round import NOTHING, Sample
from gan_lab.contracts.sides import Task


class Direction(NamedTuple):
    """From what to what a task translates.

    Attributes:
        source: Key, in a minibatch, of what is translated, or of what its source is made of.
        target: Key, in a minibatch of paired samples, of what the translation should be. Where a
            task is trained on unpaired samples, held-out ones may be paired and are compared by it.
    """

    source: str
    target: str


class Translating(Task):
    """A generating side that is given samples and makes others of them.

    What is to be translated is a sample with the key ``source`` (N, channels, height, width), of
    any height and width, and optional others that the task knows: a mask, the label of the target
    domain, a code ``z``. What comes of it is a sample with the key ``x``, ``scale`` times as high
    and wide, of the channels and in the range of :attr:`medium`::

        source = task.sources(batch, random)           # held out: {"source": ..., "mask": ...}
        made = task.translate(source)["x"]             # to be compared with batch[target]
        made = task.translate({"source": image})["x"]  # a user's file, whatever its size

    Attributes:
        directions: By name, the first of which is meant where none is named.
        scale: Height of a translation by the height of its source.
    """

    needs = ("source",)
    directions: Mapping[str, Direction]
    scale: int = 1

    @abstractmethod
    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        """Return what a minibatch's samples are translated from: ``source``, and what goes with it.

        Args:
            batch: With the direction's source key.
            random: What is drawn (masks, noise, target domains, codes) is a function of its state
                alone, and of the global one's where it is None.
            direction: A name among :attr:`directions`.

        Raises:
            ValueError: If there is no such direction.
        """

    @abstractmethod
    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        """Return ``x`` and what else was made of it (N, ...), such as another code.

        Args:
            source: With the key ``source``; what else a task would draw may be given too.
            direction: A name among :attr:`directions`.

        Raises:
            ValueError: If there is no such direction, or something that is needed is not given.
        """

    @abstractmethod
    def source_medium(self, direction: str | None = None) -> Medium:
        """Return what sources are made of: its shape has their channels and usual size."""

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        """Return translations of the first ``count`` of the sources that are given."""
        source = {name: tensor[:count] for name, tensor in given.items()}
        return {**source, **self.translate(source)}

    def truth(self, batch: Sample, direction: str | None = None) -> Tensor | None:
        """Return what translations of a paired minibatch should be; None where it has no such."""
        return batch.get(self.direction(direction).target)

    def direction(self, name: str | None = None) -> Direction:
        """Return the direction of that name, or the first.

        Raises:
            ValueError: If there is no such direction.
        """
        if name is None:
            return next(iter(self.directions.values()))
        if name not in self.directions:
            raise ValueError(
                f"there is no direction {name}; this run has {', '.join(self.directions)}"
            )
        return self.directions[name]
