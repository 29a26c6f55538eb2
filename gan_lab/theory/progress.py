"""How far a study has come."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")
SECONDS = 5.0
"""Between two lines where standard error is no terminal."""


def tracked(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield ``items`` and say on standard error how many are done.

    A terminal gets a bar that goes away at the end; a file or a notebook gets a line every few
    seconds, and none of what takes less.

    Args:
        items: What is worked on.
        what: Their name, in the plural.
    """
    console = Console(file=sys.stderr)
    if console.is_terminal:
        yield from track(items, what, console=console, transient=True)
        return
    told = time.monotonic()
    for done, item in enumerate(items):
        if time.monotonic() - told >= SECONDS:
            print(f"{what}: {done} of {len(items)}", file=sys.stderr, flush=True)
            told = time.monotonic()
        yield item
