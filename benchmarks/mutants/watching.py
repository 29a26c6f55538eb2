"""Pytest in this process: which test fails first, or which test reaches which line."""

import hashlib
import json
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PATIENCE = 60.0
"""Seconds added to eight times what a test took without a mutant, after which it hangs."""


def run_pytest(
    arguments: list[str], note: Path, covered: Path | None, tree: Path, seconds: Mapping[str, float]
) -> int:
    """Run pytest in this process, and note the first failure or what each test covers."""
    import pytest

    options = ["-q", "--no-header", *("-p", "no:cacheprovider"), *("-p", "no:xdist")]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # hydra is imported already
    if covered is None:
        return int(pytest.main([*options, *arguments], plugins=[Note(note, seconds)]))
    import coverage

    watch = coverage.Coverage(data_file=None, source=[str(tree / "gan_lab")], config_file=False)
    watch.start()
    times = Times(watch.switch_context)
    code = int(pytest.main([*options, *arguments], plugins=[times]))
    watch.stop()
    data = watch.get_data()
    lines: dict[str, dict[str, list[int]]] = {}
    for file in data.measured_files():
        path = Path(file).relative_to(tree).as_posix()
        for line, contexts in data.contexts_by_lineno(file).items():
            for test in filter(None, contexts):
                lines.setdefault(path, {}).setdefault(test, []).append(line)
    files = {name: digest_of(tree / name) for name in lines}
    covered.write_text(json.dumps({"covered": lines, "seconds": times.sound(), "files": files}))
    return code


def digest_of(file: Path) -> str:
    """Return what only equal files share."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Note:
    """Writes down the first test that fails; the alarm ends the process where one hangs.

    Args:
        file: Where.
        seconds: What each test function takes.
    """

    def __init__(self, file: Path, seconds: Mapping[str, float]) -> None:
        self.file = file
        self.seconds = seconds

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Set the alarm."""
        usual = self.seconds.get(nodeid.partition("[")[0], 0.0)
        signal.alarm(int(PATIENCE + 8 * usual))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Write it down."""
        if report.failed and not self.file.read_text():
            self.file.write_text(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        """Write down what cannot be collected."""
        if report.failed and not self.file.read_text():
            self.file.write_text(f"{report.nodeid} (not collected)")


class Times:
    """Adds up how long each test function took, and which failed.

    Args:
        begin: Told of each test function that begins.
    """

    def __init__(self, begin: Callable[[str], None]) -> None:
        self.begin = begin
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell who is about to run."""
        self.begin(nodeid.partition("[")[0])

    def pytest_runtest_logfinish(self) -> None:
        """Tell that nobody is."""
        self.begin("")

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Add a phase of a test."""
        name = report.nodeid.partition("[")[0]
        self.seconds[name] = self.seconds.get(name, 0.0) + report.duration
        if report.failed:
            self.failed.add(name)

    def sound(self) -> dict[str, float]:
        """Return the tests that passed, with their seconds."""
        return {k: round(v, 3) for k, v in self.seconds.items() if k not in self.failed}
