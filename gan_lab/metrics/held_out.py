"""Held-out samples, the same whenever they are asked for, ready to be translated."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from gan_lab.contracts import Medium, Sample, Translating
from gan_lab.errors import LabError


class HeldOut(Protocol):
    """A split, as data modules have them."""

    @property
    def aligned(self) -> bool:
        """Whether rows belong together."""

    @property
    def size(self) -> int:
        """Rows that there are."""

    def rows(self, rows: Tensor, labelled: str = "x") -> dict[str, Tensor]:
        """Return some rows, as they are stored."""


@dataclass
class Held:
    """A minibatch of held-out samples, ready to be translated.

    Attributes:
        source: What is translated, and what goes with it.
        truth: What should come of it; None where nothing says so.
        real: Samples of what is translated to.
        labels: What translations should show: the target domain's where the source names it, and
            else the source's own.
        real_labels: What ``real`` shows.
    """

    source: Sample
    truth: Tensor | None
    real: Tensor
    labels: Tensor
    real_labels: Tensor


def held_out(
    task: Translating,
    split: HeldOut,
    medium: Medium,
    count: int,
    direction: str | None = None,
    seed: int = 0,
    batch_size: int = 100,
) -> Iterator[Held]:
    """Yield the first ``count`` samples of a split that is held out, the same whenever asked.

    Args:
        task: Says what is translated from what.
        split: Of the data.
        medium: Of its samples.
        count: How many; at most all there are.
        direction: Which way.
        seed: Of what sources are drawn with: masks, noise.
        batch_size: Samples a minibatch.
    """
    ends = task.direction(direction)
    device = next((p.device for p in task.parameters()), torch.device("cpu"))
    random = torch.Generator().manual_seed(seed)
    for start in range(0, min(count, split.size), batch_size):
        chosen = torch.arange(start, min(start + batch_size, count, split.size))
        stored = split.rows(chosen, ends.source)
        shown = split.rows(chosen, ends.target)["label"].to(device)
        labels = stored.pop("label").to(device)
        batch = {name: medium.to_float(column).to(device) for name, column in stored.items()}
        given: dict[str, Tensor] = {**batch, "label": labels}
        truth = task.truth(given, direction)
        real = given.get(ends.target) if truth is None else truth
        if real is None or ends.source not in given:
            raise LabError(
                f"this run translates {ends.source} to {ends.target}, and the data holds "
                f"{', '.join(given)}; choose the data set that it was trained on by data="
            )
        source = task.sources(given, random, direction)
        yield Held(
            source,
            truth if split.aligned else None,
            real,
            source.get("label", labels),
            shown,
        )
