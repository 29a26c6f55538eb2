"""Runs grouped by everything but the seed, and what their seeds allow one to say."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from gan_lab.report.metric import Metric
from gan_lab.report.statistics import (
    Description,
    Interval,
    describe,
    improvement_interval,
    probability_of_improvement,
)
from gan_lab.run.folder import ONE_ATTEMPT, RunFolder, name_of

SEEDS_FOR_A_WINNER = 5
"""Of fewer, not even values that are wholly apart tell which is better."""


@dataclass(frozen=True)
class Group:
    """Runs that differ in nothing but the seed.

    Attributes:
        overrides: What they were asked, without the seed.
        runs: All of them.
    """

    overrides: tuple[str, ...]
    runs: tuple[RunFolder, ...]

    @cached_property
    def finished(self) -> list[RunFolder]:
        """The runs that figures are taken from, in the order of their seeds."""
        finished = [run for run in self.runs if run.status == "finished"]
        return sorted(finished, key=lambda run: (run.seed is None, run.seed or 0))

    @property
    def failed(self) -> int:
        """How many runs failed."""
        return sum(run.status == "failed" for run in self.runs)

    @property
    def unfinished(self) -> int:
        """How many runs neither finished nor failed."""
        return len(self.runs) - len(self.finished) - self.failed


@dataclass(frozen=True)
class Row:
    """A group's line in the table; None where no run gave a value."""

    name: str
    group: Group
    last: Description | None
    best: Description | None


@dataclass(frozen=True)
class Pair:
    """How likely one group's run is better than another's."""

    first: str
    second: str
    probability: float
    interval: Interval | None


@dataclass(frozen=True)
class Comparison:
    """All that a report tells.

    Attributes:
        metric: What is compared.
        common: Overrides that all groups share.
        rows: One for each group, better means first.
        pairs: Every two groups, by their last values.
        winner: The name of the group that is better than each other one, if one is.
        damaged: Folders that cannot be read, which belong to no group.
    """

    metric: Metric
    common: tuple[str, ...]
    rows: tuple[Row, ...]
    pairs: tuple[Pair, ...]
    winner: str | None
    damaged: tuple[RunFolder, ...] = ()

    @property
    def undecided(self) -> str:
        """Why no group is named as better than all others."""
        if len(self.rows) < 2:
            return "there is one alone"
        fewest = min(row.last.count if row.last else 0 for row in self.rows)
        if fewest < SEEDS_FOR_A_WINNER:
            needed = f"{WORDS[SEEDS_FOR_A_WINNER]} finished seeds of each are needed"
            return f"{needed}, and one has {WORDS[fewest]}"
        return "the intervals of the best are not clear of each other"


WORDS = "no", "one", "two", "three", "four", "five"


def compare(runs: Sequence[RunFolder], metric: Metric) -> Comparison:
    """Group runs and describe each group's figures.

    A winner is named only where every group has SEEDS_FOR_A_WINNER seeds, its
    interval of the mean lies clear of every other's, and so does its
    probability of improvement of one half.
    """
    damaged = tuple(run for run in runs if run.status == "damaged")
    groups = grouped([run for run in runs if run.status != "damaged"])
    common = shared(groups)
    rows = []
    for group in groups:
        last = [metric.last(run) for run in group.finished]
        best = [metric.best(run) for run in group.finished]
        name = ", ".join(o for o in group.overrides if o not in common) or "all runs"
        rows.append(Row(name, group, described(last), described(best)))
    rows.sort(key=lambda r: -metric.sign * r.last.mean if r.last else math.inf)
    pairs = []
    for first, second in combinations([row for row in rows if row.last], 2):
        ours, theirs = values(first, metric), values(second, metric)
        probability = probability_of_improvement(ours, theirs)
        interval = improvement_interval(ours, theirs)
        pairs.append(Pair(first.name, second.name, probability, interval))
    named = winner(rows, pairs, metric)
    return Comparison(metric, common, tuple(rows), tuple(pairs), named, damaged)


def values(row: Row, metric: Metric) -> list[float]:
    """Return the last values of a group's runs, turned so that larger is better."""
    found = [metric.last(run) for run in row.group.finished]
    return [metric.sign * value for value in found if value is not None]


def winner(rows: Sequence[Row], pairs: Sequence[Pair], metric: Metric) -> str | None:
    """Return the first row's name if nothing speaks against it; see :func:`compare`."""
    if len(rows) < 2 or any(r.last is None or r.last.count < SEEDS_FOR_A_WINNER for r in rows):
        return None
    first, *others = ([metric.sign * end for end in r.last.interval] for r in rows)  # type: ignore[union-attr]
    if any(max(other) >= min(first) for other in others):
        return None
    beaten = [pair.interval for pair in pairs if pair.first == rows[0].name]
    return rows[0].name if all(i is not None and i.low > 0.5 for i in beaten) else None


def grouped(runs: Sequence[RunFolder]) -> list[Group]:
    """Return runs put together by every override but the seed."""
    found: dict[tuple[str, ...], list[RunFolder]] = {}
    for run in runs:
        found.setdefault(asked(run), []).append(run)
    return [Group(overrides, tuple(members)) for overrides, members in found.items()]


def asked(run: RunFolder) -> tuple[str, ...]:
    """Return a run's overrides, sorted, without the seed and what concerns one attempt only."""
    leave = {"seed", *ONE_ATTEMPT}
    return tuple(sorted(o for o in run.overrides if name_of(o) not in leave))


def shared(groups: Sequence[Group]) -> tuple[str, ...]:
    """Return the overrides that all groups have."""
    everywhere = set(groups[0].overrides).intersection(*(set(g.overrides) for g in groups))
    return tuple(sorted(everywhere)) if len(groups) > 1 else ()


def described(found: Sequence[float | None]) -> Description | None:
    """Describe the values that are there."""
    present = [value for value in found if value is not None]
    return describe(present) if present else None
