"""What a run left in its folder, read without guessing and without running anybody's code."""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from gan_lab.errors import LabError

SUMMARY = "summary.json"
STATUSES = "finished", "running", "interrupted", "killed", "failed", "not begun"
"""Killed is a run whose folder says running and that no process works on."""

ONE_ATTEMPT = "resume", "first_step", "run_dir", "allow_changes", "trust"
"""What is asked of one attempt at a run, and not of the run."""


@dataclass(frozen=True)
class RunFolder:
    """A run as its folder tells it.

    Attributes:
        path: The folder.
        status: One of STATUSES.
        summary: summary.json, empty where there is none.
        overrides: What the command line asked for, in order.
        choices: Each configuration group's file.
    """

    path: Path
    status: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "RunFolder":
        """Read a folder that holds .hydra/ or summary.json.

        Raises:
            LabError: If a file in it is damaged.
        """
        summary = read_summary(path)
        hydra = read_yaml(path / ".hydra" / "hydra.yaml", dict).get("hydra", {})
        status = str(summary.get("status", "not begun"))
        if is_running(path):
            status = "running"
        elif status == "running":
            status = "killed"
        return cls(
            path=path,
            status=status,
            summary=summary,
            overrides=tuple(map(str, read_yaml(path / ".hydra" / "overrides.yaml", list))),
            choices=hydra.get("runtime", {}).get("choices", {}),
        )

    @property
    def seed(self) -> int | None:
        """The run's seed, where it has begun."""
        return self.summary.get("seed")

    @property
    def steps(self) -> int | None:
        """Generator updates done, by the summary; those last logged where none was written yet."""
        if self.status not in ("running", "killed"):
            return self.summary.get("steps")
        rows = read_rows(self.path)
        return int(rows[-1]["step"]) if rows else None


def find_runs(root: Path) -> list[RunFolder]:
    """Return the runs in and under ``root``, in the order of their paths.

    Raises:
        LabError: If there is no such folder.
    """
    if not root.is_dir():
        raise LabError(f"there is no folder {root}")
    found = set()
    for path, folders, files in os.walk(root):
        if ".hydra" in folders or SUMMARY in files:
            found.add(Path(path))
        folders[:] = [name for name in folders if not name.startswith(".")]
    return [RunFolder.read(path) for path in sorted(found)]


def name_of(override: str) -> str:
    """Return the key that an override sets.

    >>> name_of("+callbacks.probe.folder=/tmp")
    'callbacks.probe.folder'
    """
    return override.partition("=")[0].lstrip("+~")


def read_summary(path: Path) -> dict[str, Any]:
    """Return a run folder's summary.json, or nothing where there is none."""
    file = path / SUMMARY
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise LabError(f"{file} is damaged: {error}") from error
    if not isinstance(content, dict):
        raise LabError(f"{file} is damaged: it holds no object")
    return content


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a run folder's metrics.csv; none where there is no such file."""
    file = path / "metrics.csv"
    if not file.exists():
        return []
    with file.open(newline="") as text:
        return list(csv.DictReader(text))


def record_failure(path: Path, error: str) -> None:
    """Write a summary for a run that failed before it began, unless there is one."""
    if path.is_dir() and not (path / SUMMARY).exists():
        summary = {"status": "failed", "steps": 0, "final": {}, "error": error}
        (path / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n")


def read_yaml(path: Path, kind: type) -> Any:
    """Return a file's plain values; an empty ``kind`` where there is no such file."""
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        return kind()
    except (yaml.YAMLError, ValueError) as error:
        raise LabError(f"{path} is damaged: {' '.join(str(error).split())}") from error
    if not isinstance(content, kind):
        raise LabError(f"{path} is damaged: it holds no {kind.__name__}")
    return content


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Keep every other process from training in a folder; a lock that no crash outlives.

    Raises:
        LabError: If another process trains there.
    """
    path.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path / ".lock", timeout=2):
            yield
    except Timeout as error:
        raise LabError(f"another process is training in {path}; wait for it or stop it") from error


def is_running(path: Path) -> bool:
    """Tell whether a process trains in a folder just now."""
    if not (path / ".lock").exists():
        return False
    try:
        with FileLock(path / ".lock", timeout=0):
            return False
    except Timeout:
        return True
