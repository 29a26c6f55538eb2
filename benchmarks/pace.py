"""Measured windows of steps, on command, so that several programs can take turns on one machine."""

import json
import os
import resource
import sys
import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from benchmarks.setting import Setting

if TYPE_CHECKING:
    from benchmarks.laps import Laps


class Pace:
    """Tells a training loop when to go on, and its observer how long the steps took.

    The observer writes a number of steps as a line; once they are done, the
    answer is a line of JSON. No command, no step.

    Args:
        commands: File descriptor to read numbers of steps from.
        answers: File descriptor to write to.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = os.fdopen(commands)
        self._answers = os.fdopen(answers, "w", buffering=1)
        self._next()

    def _next(self) -> None:
        self.steps = self._left = int(self._commands.readline() or 0)
        self._started, self._cpu_started = time.perf_counter(), time.process_time()

    def step(self, draw: object = None) -> bool:
        """Count a step that was done; return whether there shall be another.

        Args:
            draw: What draws samples, which a pace has no use for.
        """
        self._left -= 1
        if self._left > 0:
            return True
        synchronise()
        answer = {
            "steps": self.steps,
            "seconds": time.perf_counter() - self._started,
            "cpu_seconds": time.process_time() - self._cpu_started,
            **peak_memory(),
        }
        self._answers.write(json.dumps(answer) + "\n")
        self._next()
        return self.steps > 0


def synchronise() -> None:
    """Wait for the GPU, where one is in use."""
    torch = sys.modules["torch"]
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


def peak_memory() -> dict[str, float]:
    """Return this process's peak memory so far, in MiB: resident, and on the GPU."""
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = {"resident_mib": resident / (2**20 if sys.platform == "darwin" else 2**10)}
    torch = sys.modules["torch"]
    if torch.cuda.is_initialized():
        peak["gpu_mib"] = torch.cuda.max_memory_allocated() / 2**20
    return peak


def read_arguments(description: str | None) -> tuple[Setting, "Pace | Laps", Namespace]:
    """Return what a contender's command line asks for."""
    parser = ArgumentParser(description=description)
    parser.add_argument("setting", help="as JSON")
    parser.add_argument("--root", required=True, help="folder with MNIST/raw")
    parser.add_argument("--commands", type=int, required=True)
    parser.add_argument("--answers", type=int, required=True)
    parser.add_argument("--laps", action="store_true", help="seconds are told, and not steps")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    fields: dict[str, Any] = json.loads(arguments.setting)
    ends = arguments.commands, arguments.answers
    if arguments.laps:
        from benchmarks.laps import Laps

        return Setting(**fields), Laps(*ends), arguments
    return Setting(**fields), Pace(*ends), arguments
