"""Mutants of conf/: numbers scaled and negated, switches flipped, choices swapped."""

import re
from collections.abc import Iterator

from benchmarks.mutants.mutant import Site

GROUPS = (
    *("experiment", "loss", "regularizer", "conditioning", "model", "prior", "optimizer"),
    *("scheduler", "augmentation", "descent", "data", "metrics"),
)
"""The groups that decide what is learnt and what is measured."""

NUMBER = re.compile(r"(?<![\w.$/-])-?\d[\d_]*(\.\d+)?(e-?\d+)?(?![\w.-])")
SWITCH = re.compile(r"(?<![\w-])(true|false)\b")
CHOICE = re.compile(r"override /(\w+): (\w+)")


def yaml_sites(texts: dict[str, str], groups: dict[str, list[str]]) -> Iterator[Site]:
    """Yield what can be changed in files, by their paths.

    Args:
        texts: The files.
        groups: The choices of each group of conf/.
    """
    for path, text in texts.items():
        if path.endswith(".yaml"):
            yield from sites_of(path, text, groups)


def sites_of(path: str, text: str, groups: dict[str, list[str]]) -> Iterator[Site]:
    """Yield what can be changed in a file, but for its comments."""
    lines = text.splitlines(keepends=True)
    for place, line in enumerate(lines):
        content = line.partition("#")[0]
        for nth, (operator, changed) in enumerate(changes(content, groups)):
            whole = "".join([*lines[:place], changed + line[len(content) :], *lines[place + 1 :]])
            yield Site(path, place + 1, operator, line, nth, lambda whole=whole: whole)


def changes(content: str, groups: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Yield what can become of a line, without its comment."""
    if match := CHOICE.search(content):
        group, choice = match.groups()
        for other in groups[group]:
            if other != choice:
                yield f"Choose_{other}", replaced(content, match.span(2), other)
        return
    for match in SWITCH.finditer(content):
        yield "Flip", replaced(content, match.span(), str(match[0] == "false").lower())
    key = content.partition(":")[0]
    for match in NUMBER.finditer(content):
        if match.start() > len(key):
            number = float(match[0].replace("_", ""))
            whole = re.fullmatch(r"-?[\d_]+", match[0]) is not None
            for operator, other in (
                ("Double", number * 2 or 1),
                ("Negate", -number or -1),
                ("Increment", number + 1),
            ):
                shown = str(int(other)) if whole else repr(other)
                yield operator, replaced(content, match.span(), shown)


def replaced(text: str, span: tuple[int, int], new: str) -> str:
    """Return ``text`` with a part replaced."""
    return text[: span[0]] + new + text[span[1] :]
