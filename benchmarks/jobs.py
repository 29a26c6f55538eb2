"""Runs that are made once, and what they ended with."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gan_lab.report.statistics import mean_interval

TRAIN = sys.executable, "-m", "gan_lab.train"


def arguments(
    about: str, folder: str, steps: int | None = None, seeds: int | None = 3
) -> argparse.ArgumentParser:
    """Return a parser of what all of these take; with no steps, each run has its recipe's own."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(folder))
    parser.add_argument("--seeds", type=int, default=seeds)
    if steps is not None:
        parser.add_argument("--steps", type=int, default=steps, help="generator updates of a run")
    parser.add_argument("--table-only", action="store_true", help="print what has finished")
    parser.add_argument("overrides", nargs="*", help="for every run, after --: trainer.devices=1")
    return parser


def slug(name: str) -> str:
    """Return a method's or a recipe's name as part of a folder's."""
    return "_".join(re.sub("[,'+]", "", name.lower()).split())


def summary_of(folder: Path) -> dict[str, Any]:
    """Return a run's summary.json, empty where there is none."""
    path = folder / "summary.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def train(folder: Path, overrides: Sequence[str], steps: int | None = None) -> dict[str, Any]:
    """Train a run to its end, unless it has ended, and return its summary.

    One that was interrupted goes on, as does one of fewer steps where their number is given; one
    that fails is said and left.
    """
    if finished(folder, steps):
        return summary_of(folder)
    budget = [] if steps is None else [f"trainer.max_steps={steps}"]
    begin = [*overrides, *budget, f"hydra.run.dir={folder}"]
    kept = (folder / "checkpoints" / "last.ckpt").exists()
    call([*TRAIN, *([f"resume={folder}", *budget] if kept else begin)])
    return summary_of(folder)


def finished(folder: Path, steps: int | None = None) -> bool:
    """Tell whether a run has ended, with so many steps where their number is given."""
    summary = summary_of(folder)
    return summary.get("status") == "finished" and steps in (None, summary["steps"])


def call(command: Sequence[str]) -> None:
    """Run a command on one thread, having said which."""
    print(shlex.join(command), file=sys.stderr, flush=True)
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    if subprocess.run(command, check=False, env=environment).returncode:
        print(f"failed: {shlex.join(command)}", file=sys.stderr)


def figure(summary: dict[str, Any], name: str) -> float | None:
    """Return the last value of a figure by the first part of its name, None where it has none."""
    final = summary.get("final", {}) if summary.get("status") == "finished" else {}
    found = [value for key, value in final.items() if key == name or key.startswith(f"{name}/")]
    return found[-1] if found else None


def told(values: Sequence[float | None], digits: int = 2) -> str:
    """Return the mean and its 95 % interval over seeds, or what there is.

    >>> told([1.0, 2.0, 3.0]), told([1.0, None]), told([None])
    ('2.00 [-0.48, 4.48]', '1.00 (1 seed)', '')
    """
    present = [value for value in values if value is not None]
    if not present:
        return ""
    mean, span = sum(present) / len(present), mean_interval(present)
    if span is None:
        return f"{mean:.{digits}f} ({len(present)} seed)"
    return f"{mean:.{digits}f} [{span.low:.{digits}f}, {span.high:.{digits}f}]"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as Markdown."""
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
