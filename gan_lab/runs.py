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
from gan_lab.run.figures import short_names, without_count
from gan_lab.run.folder import STATUSES, SUMMARY, RunFolder, find_runs
from gan_lab.run.shared import known_figures, shared_figure

REMOVABLE = "failed", "killed", "not begun"
USUAL = "fid"
"""The figure that is shown where none is asked for."""


@dataclass(frozen=True)
class Listed:
    """A run's line in the list."""

    run: str
    status: str
    loss: str
    model: str
    seed: int | None
    steps: int | None
    figures: tuple[float | None, ...]
    age: float
    folder: RunFolder


SORTS: dict[str, Callable[[Listed], Any]] = {
    "age": lambda line: line.age,
    "loss": lambda line: line.loss,
    "metric": lambda line: [(value is None, value or 0.0) for value in line.figures],
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
    made.add_argument(
        "--metric", help=f"a figure's name, such as kid or loss/generator; default: {USUAL}"
    )
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
        LabError: If there is no such folder, status or figure.
    """
    given = parser().parse_args(arguments)
    unknown = set(given.status or ()) - set(STATUSES)
    if unknown:
        raise LabError(f"--status must be one of {', '.join(STATUSES)}, got {min(unknown)}")
    chosen = [
        run
        for run in find_runs(given.folder)
        if (not given.status or run.status in given.status)
        and given.loss in (None, run.choices.get("loss", ""))
        and given.model in (None, run.choices.get("model", ""))
    ]
    names = usual_figures(chosen) if given.metric is None else [shared_figure(given.metric, chosen)]
    lines = [listed(run, given.folder, names) for run in chosen]
    lines.sort(key=SORTS[given.sort], reverse=given.reverse)
    # Wide enough for any folder's name, which the terminal may wrap and a person copy.
    width = 120 + max((len(line.run) for line in lines), default=0)
    Console(highlight=False, width=width).print(table(lines, names))
    for run in chosen:
        if run.problem is not None:
            print(plain(run.problem).replace(r"\[", "["))
    if given.remove:
        remove([line.folder for line in lines if line.status in REMOVABLE], ask)


def usual_figures(runs: Sequence[RunFolder]) -> list[str]:
    """Return the full names of the usual figure, one for each feature network that measured it."""
    stems = {without_count(name)[0] for name in known_figures(runs)}
    return [shared_figure(stem, runs) for stem in sorted(stems) if USUAL in short_names(stem)]


def listed(run: RunFolder, root: Path, names: Sequence[str]) -> Listed:
    """Return a run's line, with the figures of its best weights where those were measured."""
    file = run.path / SUMMARY
    written = (file if file.exists() else run.path).stat().st_mtime
    figures = {**run.summary.get("final", {}), **run.summary.get("best", {})}
    return Listed(
        run=str(run.path.relative_to(root)),
        status=run.status,
        loss=str(run.choices.get("loss", "")),
        model=str(run.choices.get("model", "")),
        seed=run.seed,
        steps=run.steps,
        figures=tuple(figures.get(name) for name in names),
        age=time.time() - written,
        folder=run,
    )


def table(lines: Sequence[Listed], names: Sequence[str]) -> Table:
    """Return the list as it is shown."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("status", "loss", "model"):
        shown.add_column(name)
    for name in ("seed", "steps", *map(plain, names), "age"):
        shown.add_column(name, justify="right")
    shown.add_column("run")
    for line in lines:
        figures = ["" if value is None else f"{value:.4g}" for value in line.figures]
        numbers = ["" if number is None else str(number) for number in (line.seed, line.steps)]
        row = [line.status, line.loss, line.model, *numbers, *figures, age(line.age), line.run]
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
