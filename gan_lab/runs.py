"""List runs, and remove failed ones: ``python -m gan_lab.runs outputs --help``."""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gan_lab.cli.app import fail
from gan_lab.errors import LabError
from gan_lab.run.folder import STATUSES, SUMMARY, RunFolder, find_runs

REMOVABLE = "failed", "killed", "not begun"


@dataclass(frozen=True)
class Listed:
    """A run's line in the list."""

    run: str
    status: str
    loss: str
    model: str
    seed: int | None
    steps: int | None
    metric: float | None
    age: float
    folder: RunFolder


SORTS: dict[str, Callable[[Listed], Any]] = {
    "age": lambda line: line.age,
    "loss": lambda line: line.loss,
    "metric": lambda line: (line.metric is None, line.metric or 0.0),
    "model": lambda line: line.model,
    "run": lambda line: line.run,
    "seed": lambda line: (line.seed is None, line.seed or 0),
    "status": lambda line: STATUSES.index(line.status) if line.status in STATUSES else -1,
    "steps": lambda line: -(line.steps or 0),
}


def main() -> None:
    """Run the command line."""
    try:
        runs(sys.argv[1:], input)
    except LabError as error:
        fail(str(error))


def parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    made = argparse.ArgumentParser(prog="python -m gan_lab.runs", description=__doc__)
    made.add_argument("folder", nargs="?", type=Path, default=Path("outputs"))
    made.add_argument("--sort", choices=SORTS, default="age", help="default: age, newest first")
    made.add_argument("--reverse", action="store_true")
    made.add_argument(
        "--status", action="append", metavar="STATUS", help=f"only these: {', '.join(STATUSES)}"
    )
    made.add_argument("--loss", help="only this loss")
    made.add_argument("--model", help="only this model")
    made.add_argument("--metric", default="fid", help="a figure's name, or how it begins")
    made.add_argument("--highest", action="store_true", help="the metric's best is its highest")
    made.add_argument(
        "--remove",
        action="store_true",
        help=f"remove what is listed and {', '.join(REMOVABLE)}, after asking",
    )
    return made


def runs(arguments: Sequence[str], ask: Callable[[str], str]) -> None:
    """List the runs that ``arguments`` select; remove failed ones where asked and confirmed.

    Args:
        arguments: The command line without the program.
        ask: Shows a question and returns the answer.

    Raises:
        LabError: If there is no such folder or status.
    """
    given = parser().parse_args(arguments)
    unknown = set(given.status or ()) - set(STATUSES)
    if unknown:
        raise LabError(f"--status must be one of {', '.join(STATUSES)}, got {min(unknown)}")
    lines = [
        line
        for line in (listed(run, given) for run in find_runs(given.folder))
        if (not given.status or line.status in given.status)
        and (given.loss is None or line.loss == given.loss)
        and (given.model is None or line.model == given.model)
    ]
    lines.sort(key=SORTS[given.sort], reverse=given.reverse)
    # Wide enough for any folder's name, which the terminal may wrap and a person copy.
    width = 120 + max((len(line.run) for line in lines), default=0)
    Console(highlight=False, width=width).print(table(lines, given.metric))
    if given.remove:
        remove([line.folder for line in lines if line.status in REMOVABLE], ask)


def listed(run: RunFolder, given: argparse.Namespace) -> Listed:
    """Return a run's line."""
    file = run.path / SUMMARY
    written = (file if file.exists() else run.path).stat().st_mtime
    figures = {**run.summary.get("final", {}), **run.summary.get("best", {})}
    found = [value for name, value in figures.items() if name.startswith(given.metric)]
    return Listed(
        run=str(run.path.relative_to(given.folder)),
        status=run.status,
        loss=str(run.choices.get("loss", "")),
        model=str(run.choices.get("model", "")),
        seed=run.seed,
        steps=run.steps,
        metric=(max(found) if given.highest else min(found)) if found else None,
        age=time.time() - written,
        folder=run,
    )


def table(lines: Sequence[Listed], metric: str) -> Table:
    """Return the list as it is shown."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("status", "loss", "model"):
        shown.add_column(name)
    for name in ("seed", "steps", plain(metric), "age"):
        shown.add_column(name, justify="right")
    shown.add_column("run")
    for line in lines:
        metric_text = "" if line.metric is None else f"{line.metric:.4g}"
        numbers = ["" if number is None else str(number) for number in (line.seed, line.steps)]
        row = [line.status, line.loss, line.model, *numbers, metric_text, age(line.age), line.run]
        shown.add_row(*map(plain, row))
    return shown


def plain(text: str) -> str:
    """Return ``text`` with rich's markup and control characters made harmless."""
    return "".join(c if c.isprintable() else "?" for c in text).replace("[", r"\[")


def age(seconds: float) -> str:
    """Return an age in its largest unit.

    >>> age(5), age(7200), age(200000)
    ('5 s', '2 h', '2 d')
    """
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def remove(folders: Sequence[RunFolder], ask: Callable[[str], str]) -> None:
    """Remove run folders if the answer is yes; one that began to run meanwhile stays."""
    if not folders:
        print("nothing to remove")
        return
    for run in folders:
        print(f"  {run.status:10}  {run.path}")
    if ask(f"remove these {len(folders)} folder(s) for good? [y/N] ").strip().lower() != "y":
        print("nothing was removed")
        return
    for run in folders:
        if RunFolder.read(run.path).status in REMOVABLE:
            shutil.rmtree(run.path)
    print(f"removed {len(folders)} folder(s)")


if __name__ == "__main__":
    main()
