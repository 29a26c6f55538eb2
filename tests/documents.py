"""The command lines that README.md and docs/*.md print."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
ELSEWHERE = {"extend.md"}
"""Pages whose commands need files that only their own tests write."""
DOCS = [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in ELSEWHERE]
PAGES = [ROOT / "README.md", *DOCS]
COMMAND = re.compile(r"(?:python -m gan_lab\.|gan-lab-)(\w+)(.*)")


class Command(NamedTuple):
    """One command line: the page it is on, the module's name, and what follows."""

    page: str
    module: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {self.module} {' '.join(self.arguments)}"


def commands() -> list[Command]:
    """Return every command of the lab that a page prints, once each."""
    found = {}
    for page in PAGES:
        for line in lines_of_code(page.read_text()):
            match = COMMAND.search(line)
            if match:
                name = f"{page.parent.name}/{page.name}" if page.parent != ROOT else page.name
                arguments = tuple(a for a in shlex.split(match[2], comments=True) if a[:1] != "[")
                found[Command(name, match[1], arguments)] = None
    return list(found)


def lines_of_code(text: str) -> Iterator[str]:
    """Yield the lines of shell blocks, fenced or indented, and inline code, each as one line."""
    fence = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
    shell = [block for language, block in fence.findall(text) if language in ("", "sh", "bash")]
    prose = fence.sub("", text)
    shell.append("\n".join(line[4:] for line in prose.splitlines() if line.startswith("    ")))
    for block in shell:
        yield from block.replace("\\\n", " ").splitlines()
    spoken = "\n".join(line for line in prose.splitlines() if not line.startswith("    "))
    for code in re.findall(r"`([^`]+)`", spoken):
        yield code.replace("\n", " ")


def alternatives(argument: str) -> list[str]:
    """Return what a sweep's argument stands for; any other as it is.

    >>> alternatives("loss=wgan,hinge")
    ['loss=wgan', 'loss=hinge']
    """
    key, _, value = argument.partition("=")
    if not value or value[0] in "[{'\"":
        return [argument]
    return [f"{key}={choice}" for choice in value.split(",")]
