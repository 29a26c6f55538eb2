"""The programs that are compared, each a process of its own that waits for its turn."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.setting import Setting

NAMES = ("plain", "tuned", "gan_lab")
UNMEASURED = [
    # Metrics are no part of training, and what they cost depends on how often one wants them.
    "callbacks.evaluation=null",
    "callbacks.nearest_neighbours=null",
    "trainer.max_steps=1000000000",
]


Command = Callable[[int, int], list[str]]
"""A program's command line, given the descriptors of its commands and of its answers."""


def lab(overrides: Sequence[str], callback: str, root: Path, run: Path) -> Command:
    """Return ``python -m gan_lab.train`` with a callback that is observed."""
    program = [sys.executable, "-m", "gan_lab.train", *overrides]
    program += [f"data.root={root}", f"hydra.run.dir={run}", f"+callbacks.pace._target_={callback}"]
    pipes = "+callbacks.pace.commands", "+callbacks.pace.answers"
    return lambda *ends: [*program, *(f"{k}={v}" for k, v in zip(pipes, ends, strict=True))]


def script(name: str, setting: Setting, root: Path, *options: str) -> Command:
    """Return the command line of one of the scripts beside this file."""
    program = [sys.executable, "-m", f"benchmarks.{name}", json.dumps(setting.as_dict())]
    program += ["--root", str(root), *options]
    pipes = "--commands", "--answers"
    return lambda *ends: [*program, *(f"{k}={v}" for k, v in zip(pipes, ends, strict=True))]


def named(name: str, setting: Setting, root: Path, folder: Path) -> Command:
    """Return the command line of one of NAMES."""
    if name != "gan_lab":
        return script(name, setting, root)
    run = folder / f"{setting.model}-{setting.loss}-{setting.batch}-{time.time_ns()}"
    overrides = [*setting.overrides, *UNMEASURED]
    return lab(overrides, "benchmarks.lab.PaceCallback", root, run)


class Contender:
    """A training program, stopped between its windows.

    Args:
        name: What it is called.
        command: Its command line.
        first: What it is told first; it must answer after the first step.

    Attributes:
        startup: Seconds from the command to the end of the first step.
    """

    def __init__(self, name: str, command: Command, first: str = "1") -> None:
        self.name = name
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        self._terminal, terminal = pty.openpty()  # a progress bar is drawn on terminals only
        threading.Thread(target=drain, args=[self._terminal], daemon=True).start()
        self._command(first)
        started = time.perf_counter()
        self.process = subprocess.Popen(
            command(commands, answers),
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=terminal,
            env={**os.environ, "COLUMNS": "120"},
        )
        for descriptor in (commands, answers, terminal):
            os.close(descriptor)
        self._reader = os.fdopen(self._answers)
        self._answer()
        self.startup = time.perf_counter() - started
        self.pause()

    def _command(self, line: str) -> None:
        os.write(self._commands, f"{line}\n".encode())

    def _answer(self) -> dict[str, Any]:
        line = self._reader.readline()
        if not line:
            raise SystemExit(f"{self.name} died with status {self.process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def pause(self) -> None:
        """Keep every thread of the program, the progress bar's too, from running."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def window(self, command: object) -> dict[str, Any]:
        """Let the program do what it is told, such as so many steps; return what it measured."""
        os.kill(self.process.pid, signal.SIGCONT)
        self._command(str(command))
        answer = self._answer()
        self.pause()
        return answer

    def stop(self) -> None:
        """End the program, which has nothing to save."""
        self.process.kill()
        self.process.wait()
        self._reader.close()
        for descriptor in (self._commands, self._terminal):
            os.close(descriptor)


def drain(terminal: int) -> None:
    """Read what a program draws, so that it never waits for a reader."""
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:  # the program has ended
        return
