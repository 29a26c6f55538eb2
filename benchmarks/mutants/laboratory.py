"""Where mutants are tried: a copy of the repository, and forks of one process."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.mutants.mutant import Mutant
from benchmarks.mutants.watching import digest_of, run_pytest

DEFAULT = "not slow and not gpu"
YAML_TESTS = (
    *("tests/test_papers.py", "tests/cli/test_configs.py", "tests/metrics", "tests/data"),
    *("tests/test_documents.py", "tests/test_train.py", "tests/callbacks/test_evaluation.py"),
)
"""Tests that read conf/ and could notice a changed value."""

DEFAULTS_TESTS = ("tests/cli/test_defaults.py",)
"""Tests of what only imports reach: the defaults of arguments."""

QUICK = 5.0
"""Seconds of a test that is run before those of files that are new."""

SURVIVED = 0, 5
"""Pytest's exit status where all tests passed, or there were none."""

HUNG = None, -signal.SIGALRM
"""What there is instead where a test took too long."""

LIMIT = 7200.0
"""Seconds after which a run of pytest is killed in any case."""


@dataclass(frozen=True)
class Result:
    """What became of a mutant: "killed", "timeout" or "survived", by which test, of how many."""

    outcome: str
    by: str
    tests: int
    seconds: float


class Laboratory:
    """A copy of the repository's files, in which one file at a time is changed.

    Args:
        repository: Its root.
        folder: Where what tests cover is kept.
        worker: Its number, as each has a copy of its own.
    """

    def __init__(self, repository: Path, folder: Path, worker: int = 0) -> None:
        self.tree = folder.resolve() / f"worker-{worker}" / "tree"
        self.map = folder.resolve() / "covered.json"
        shutil.rmtree(self.tree, ignore_errors=True)
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],
            cwd=repository, check=True, capture_output=True, text=True,
        ).stdout.splitlines()  # fmt: skip
        for name in listed:
            if (repository / name).is_file():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(repository / name, self.tree / name)
        table = self.tree / "tests" / "papers.yaml"
        self.table = table.read_text() if table.exists() else ""
        self.covered: dict[str, dict[str, list[int]]] = {}
        self.seconds: dict[str, float] = {}
        self.changed: set[str] = set()
        self.clock = time.time()
        self.trusted: set[str] = set()
        self.unsound: set[str] = set()

    def learn(self, tests: Sequence[str]) -> None:
        """Run the default tests once, unless that was done, and note which line each reaches.

        Tests that fail without a mutant say nothing and are left out.
        """
        if not self.map.exists():
            code = self.fork([*("-m", DEFAULT), *tests], learn=True)[0]
            print(f"the tests without a mutant ended with status {code}", file=sys.stderr)
        content = json.loads(self.map.read_text())
        self.covered, self.seconds = content["covered"], content["seconds"]
        self.changed = {
            path
            for path, digest in content["files"].items()
            if not (self.tree / path).exists() or digest_of(self.tree / path) != digest
        }

    def tests_for(self, mutant: Mutant) -> list[list[str]]:
        """Return the tests that could notice a mutant, the likeliest and quickest first, in turns.

        For Python, all tests that reach the line; where only imports do, or the file has changed
        since coverage was noted, all that reach the file; and tests that were not there then, of
        the room and of files that hold others. For YAML, the recipe's own entry among the papers'
        settings, then YAML_TESTS.
        """
        if mutant.path.endswith(".yaml"):
            group, name = Path(mutant.path).parent.name, Path(mutant.path).stem
            known = f"recipe: {group}={name}\n" in self.table
            papers = "tests/test_papers.py::test_a_recipe_is_what_its_paper_says"
            rest = [test for test in YAML_TESTS if (self.tree / test).exists()]
            return [*([[f"{papers}[{group}={name}]"]] if known else []), rest]
        reached = self.covered.get(mutant.path, {})
        current = mutant.path not in self.changed
        names = [test for test, lines in reached.items() if current and mutant.line in lines]
        names = [name for name in names or reached if name in self.seconds and self.has(name)]
        room, module = Path(mutant.path).parts[1], Path(mutant.path).stem

        def order(name: str) -> tuple[bool, float]:
            return not (name.startswith(f"tests/{room}/") and module in name), self.seconds[name]

        files = {name.partition("::")[0] for name in reached}
        new = [test for test in self.tests_of(room, files) if test not in self.seconds]
        quick = [name for name in names if self.seconds[name] < QUICK]
        slow = [name for name in names if self.seconds[name] >= QUICK]
        turns = [
            [mutant.path, *sorted(quick, key=order)],
            [*new, *(test for test in DEFAULTS_TESTS if (self.tree / test).exists())],
            sorted(slow, key=order),
        ]
        return [turn for turn in turns if turn]

    def tests_of(self, room: str, files: Collection[str]) -> list[str]:
        """Return the test functions of a room and of other files."""
        found = []
        paths = {*(self.tree / "tests" / room).glob("test_*.py"), *(self.tree / f for f in files)}
        for path in sorted(p for p in paths if p.name.startswith("test_") and p.exists()):
            file = path.relative_to(self.tree).as_posix()
            names = re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
            found += [f"{file}::{name}" for name in names]
        return found

    def has(self, test: str) -> bool:
        """Tell whether a test is still there."""
        file, _, name = test.partition("::")
        path = self.tree / file
        return path.exists() and f"def {name.rpartition('::')[2]}(" in path.read_text()

    def attempt(self, mutant: Mutant) -> Result:
        """Run the tests that could notice a mutant, until one does."""
        turns = self.tests_for(mutant)
        path = self.tree / mutant.path
        sound, started, code, by = path.read_text(), time.monotonic(), 0, ""
        self.write(path, mutant.text)
        try:
            for tests in turns:
                while True:
                    skipped = [f"--deselect={name}" for name in sorted(self.unsound)]
                    code, by = self.fork(["-x", "-m", DEFAULT, *skipped, *tests])
                    if code in HUNG or code in SURVIVED:
                        break
                    if self.counts(by, path, sound, mutant.text):
                        break
                if code not in SURVIVED:
                    break
        finally:
            self.write(path, sound)
        outcome = "survived" if code in SURVIVED else "timeout" if code in HUNG else "killed"
        count = sum(map(len, turns))
        return Result(outcome, by, count, round(time.monotonic() - started, 1))

    def counts(self, test: str, path: Path, sound: str, changed: str) -> bool:
        """Tell whether a failure is the mutant's; a test that fails without one is left out.

        Raises:
            RuntimeError: If pytest could not run, and not because of the mutant.
        """
        printed = (self.tree.parent / "printed.txt").read_text(errors="replace")
        if not test and "conftest" not in printed:
            raise RuntimeError(f"pytest could not run:\n{printed[-2000:]}")
        if "::" not in test or test in self.trusted:
            return True
        self.write(path, sound)
        failed = self.fork(["-x", test])[0] not in SURVIVED
        self.write(path, changed)
        (self.unsound if failed else self.trusted).add(test)
        return not failed

    def write(self, path: Path, text: str) -> None:
        """Write a file as if in another second than any before, as compiled files go by that."""
        path.write_text(text)
        self.clock += 2
        os.utime(path, (self.clock, self.clock))

    def fork(self, arguments: list[str], learn: bool = False) -> tuple[Any, str]:
        """Run pytest in a child that has torch already; return its status and the failed test."""
        note = self.tree.parent / "failed.txt"
        note.write_text("")
        pid = os.fork()
        if pid == 0:  # pragma: no cover, in another process
            self.child(arguments, note, learn)
        deadline, status = time.monotonic() + LIMIT, None
        while status is None:
            found, code = os.waitpid(pid, os.WNOHANG)
            if found:
                status = os.waitstatus_to_exitcode(code)
            elif time.monotonic() > deadline:
                break
            else:
                time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        if status is None:
            os.waitpid(pid, 0)
        return status, note.read_text()

    def child(self, arguments: list[str], note: Path, learn: bool) -> None:
        """Run pytest on the copy and end the process."""
        code = 70
        try:
            os.setsid()
            output = os.open(
                self.tree.parent / "printed.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            )
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.chdir(self.tree)
            os.environ["PYTHONPATH"] = str(self.tree)
            sys.path[:] = [str(self.tree), *(p for p in sys.path if p not in ("", os.getcwd()))]
            for name in [
                n for n in sys.modules if n.partition(".")[0] in ("benchmarks", "gan_lab")
            ]:
                del sys.modules[name]  # the copy's are imported instead
            covered = self.map if learn else None
            code = run_pytest(arguments, note, covered, self.tree, self.seconds)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
