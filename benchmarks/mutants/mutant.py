"""What a mutant is, and how a sample of them is drawn."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """A place in a file that can be changed in one way.

    Attributes:
        path: Of the file, from the repository's root.
        line: From 1.
        operator: What would be done.
        content: The line.
        place: What tells it from others of the same line and operator.
        change: Returns the whole changed file, or None where nothing can be done.
    """

    path: str
    line: int
    operator: str
    content: str
    place: int
    change: Callable[[], str | None]

    def rank(self, seed: int) -> str:
        """Its place in a seed's order, which changes elsewhere in the file leave as it is."""
        named = f"{seed}/{self.path}/{self.operator}/{self.content.strip()}/{self.place}"
        return hashlib.sha256(named.encode()).hexdigest()


@dataclass(frozen=True)
class Mutant:
    """A file with one change.

    Attributes:
        path: Of the file, from the repository's root.
        line: The first line that differs, from 1.
        operator: What was done to it.
        before: That line.
        after: What became of it.
        text: The whole changed file.
    """

    path: str
    line: int
    operator: str
    before: str
    after: str
    text: str

    @property
    def key(self) -> str:
        """What only the same change of the same file shares."""
        return hashlib.sha256(f"{self.path}\n{self.text}".encode()).hexdigest()[:16]


def sampled(sites: Iterable[Site], count: int, seed: int, texts: dict[str, str]) -> list[Mutant]:
    """Return ``count`` mutants, at most one of a line, in the seed's order.

    Args:
        sites: Where something can be changed.
        count: How many at most.
        seed: Decides the order.
        texts: The files' content by their paths.
    """
    chosen: dict[tuple[str, int], Mutant] = {}
    for site in sorted(sites, key=lambda site: site.rank(seed)):
        if len(chosen) == count:
            break
        if (site.path, site.line) not in chosen:
            found = mutant(site, texts[site.path])
            if found is not None:
                chosen[site.path, site.line] = found
    return list(chosen.values())


def mutant(site: Site, text: str) -> Mutant | None:
    """Return what a change makes of a file, or None where it makes nothing of it."""
    changed = site.change()
    if changed is None:
        return None
    pairs = zip([*text.splitlines(), ""], [*changed.splitlines(), ""], strict=False)
    for line, (before, after) in enumerate(pairs, start=1):
        if before != after:
            return Mutant(site.path, line, site.operator, before, after, changed)
    return None
