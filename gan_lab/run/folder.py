"""What a run left in its folder, read without guessing and without running anybody's code."""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from gan_lab.errors import LabError
from gan_lab.files import refuse_links, written_whole
from gan_lab.run.reading import read_regular

SUMMARY = "summary.json"
STATUSES = "finished", "running", "interrupted", "killed", "failed", "not begun", "damaged"
"""Killed is a run whose folder says running and that no process works on; damaged is a folder of
which a file cannot be read or does not hold what it should."""

ONE_ATTEMPT = "resume", "first_step", "inherited", "run_dir", "allow_changes", "trust"
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
        command: The command line that made it, such as "train" or "sample".
        problem: What is wrong with a damaged folder, of which nothing else is told.
    """

    path: Path
    status: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    command: str = "train"
    problem: str | None = None

    @classmethod
    def read(cls, path: Path) -> "RunFolder":
        """Read a folder that holds .hydra/ or summary.json, damaged or not."""
        try:
            summary = read_summary(path)
            overrides = read_yaml(path / ".hydra" / "overrides.yaml", list)
            choices, command = read_hydra(path / ".hydra" / "hydra.yaml")
            read_rows(path)  # which all that is said of the run's curves relies on
            running = is_running(path)
        except (LabError, OSError) as error:
            return cls(path, "damaged", problem=str(error))
        status = str(summary.get("status", "not begun"))
        if running:
            status = "running"
        elif status == "running":
            status = "killed"
        # Only a training leaves a summary, which tells it where another command ran there too.
        command = "train" if summary else command
        return cls(path, status, summary, tuple(map(str, overrides)), choices, command)

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
    """Return the training runs in and under ``root``, in the order of their paths.

    A folder that is damaged or cannot be opened is one of them, and hides no other.

    Raises:
        LabError: If there is no such folder.
    """
    if not root.is_dir():
        raise LabError(f"there is no folder {root}")
    found: dict[Path, RunFolder] = {}

    def note(error: OSError) -> None:
        closed = Path(error.filename)
        found[closed] = RunFolder(closed, "damaged", problem=f"{closed}: {error.strerror}")

    for path, folders, files in os.walk(root, onerror=note):
        if ".hydra" in folders or SUMMARY in files:
            found[Path(path)] = RunFolder.read(Path(path))
        folders[:] = [name for name in folders if not name.startswith(".")]
    return [found[path] for path in sorted(found) if found[path].command == "train"]


def name_of(override: str) -> str:
    """Return the key that an override sets.

    >>> name_of("+callbacks.probe.folder=/tmp")
    'callbacks.probe.folder'
    """
    return override.partition("=")[0].lstrip("+~")


def read_summary(path: Path) -> dict[str, Any]:
    """Return a run folder's summary.json, or nothing where there is none.

    Raises:
        LabError: If the file is damaged.
    """
    file = path / SUMMARY
    try:
        text = read_regular(file)
        content = {} if text is None else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LabError(f"{file} is damaged: {error}") from error
    if not isinstance(content, dict):
        raise LabError(f"{file} is damaged: it holds no object")
    kinds = {"seed": int | None, "steps": int | None, "final": dict, "best": dict}
    for key, kind in kinds.items():
        if key in content and not isinstance(content[key], kind):
            raise LabError(f"{file} is damaged: its {key} is {content[key]!r:.40}")
    return content


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a run folder's metrics.csv; none where there is no such file.

    A last line that a crash cut short is left out, as a shorter number would look sound.

    Raises:
        LabError: If the file is damaged.
    """
    file = path / "metrics.csv"
    try:
        text = read_regular(file) or ""
        rows = list(csv.DictReader(text[: text.rfind("\n") + 1].splitlines()))
        for row in rows:
            int(row["step"]), [float(value or "nan") for value in row.values()]
    except (csv.Error, KeyError, TypeError, ValueError) as error:
        raise LabError(f"{file} is damaged: {error}") from error
    return rows


def record_failure(path: Path, error: str) -> None:
    """Write a summary for a run that failed before it began, unless there is one.

    Where the disk does not take it there is none; the failure itself is told all the same.
    """
    if path.is_dir() and not (path / SUMMARY).exists():
        summary = {"status": "failed", "steps": 0, "final": {}, "error": error}
        with suppress(LabError), written_whole(path / SUMMARY) as file:
            file.write((json.dumps(summary, indent=2) + "\n").encode())


def read_hydra(path: Path) -> tuple[dict[str, str], str]:
    """Return each configuration group's file, and the command line that hydra.yaml is of.

    Raises:
        LabError: If the file is damaged.
    """
    hydra = inner(path, read_yaml(path, dict), "hydra")
    choices = inner(path, inner(path, hydra, "runtime"), "choices")
    return choices, str(inner(path, hydra, "job").get("config_name") or "train")


def inner(path: Path, node: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a mapping within one, empty where it is missing; LabError where it is none."""
    found = node.get(key, {})
    if not isinstance(found, dict):
        raise LabError(f"{path} is damaged: its {key} is no mapping")
    return found


def read_yaml(path: Path, kind: type) -> Any:
    """Return a file's plain values; an empty ``kind`` where there is no such file.

    Raises:
        LabError: If the file is damaged.
    """
    text = read_regular(path)
    if text is None:
        return kind()
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        # All but the first are what PyYAML makes of scalars such as "!!int".
        raise LabError(f"{path} is damaged: {' '.join(str(error).split())}") from error
    if not isinstance(content, kind):
        raise LabError(f"{path} is damaged: it holds no {kind.__name__}")
    return content


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Keep every other process from training in a folder; a lock that no crash outlives.

    Raises:
        LabError: If another process trains there, or a link in it leads elsewhere.
    """
    path.mkdir(parents=True, exist_ok=True)
    refuse_links(path)
    try:
        with FileLock(path / ".lock", timeout=2):
            yield
    except Timeout as error:
        raise LabError(f"another process is training in {path}; wait for it or stop it") from error


def is_running(path: Path) -> bool:
    """Tell whether a process trains in a folder just now, which may be another user's."""
    lock = path / ".lock"
    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # a folder that may be looked at and not written to
        return is_locked(lock)


def is_locked(path: Path) -> bool:
    """Tell whether a process holds the lock of a file that can only be read."""
    import fcntl

    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
