"""The programs that are compared, each a process of its own that waits for its turn."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
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


class Contender:
    """A training program, stopped between its windows.

    Args:
        name: One of NAMES.
        setting: What it trains.
        root: Folder with MNIST/raw.
        folder: Where it may write.

    Attributes:
        startup: Seconds from the command to the end of the first step.
    """

    def __init__(self, name: str, setting: Setting, root: Path, folder: Path) -> None:
        self.name = name
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        paced = {"commands": commands, "answers": answers}
        if name == "gan_lab":
            run = folder / f"{setting.model}-{setting.loss}-{setting.batch}-{time.time_ns()}"
            command = [sys.executable, "-m", "gan_lab.train", *setting.overrides, *UNMEASURED]
            command += [f"data.root={root}", f"hydra.run.dir={run}"]
            command += ["+callbacks.pace._target_=benchmarks.lab.PaceCallback"]
            command += [f"+callbacks.pace.{key}={value}" for key, value in paced.items()]
        else:
            command = [sys.executable, "-m", f"benchmarks.{name}", json.dumps(setting.as_dict())]
            command += ["--root", str(root)]
            command += [f"--{key}={value}" for key, value in paced.items()]
        self._terminal, terminal = pty.openpty()  # a progress bar is drawn on terminals only
        threading.Thread(target=drain, args=[self._terminal], daemon=True).start()
        self._command(1)
        started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
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

    def _command(self, steps: int) -> None:
        os.write(self._commands, f"{steps}\n".encode())

    def _answer(self) -> dict[str, Any]:
        line = self._reader.readline()
        if not line:
            raise SystemExit(f"{self.name} died with status {self.process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def pause(self) -> None:
        """Keep every thread of the program, the progress bar's too, from running."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def window(self, steps: int) -> dict[str, Any]:
        """Let the program make ``steps`` steps and return what it measured."""
        os.kill(self.process.pid, signal.SIGCONT)
        self._command(steps)
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
