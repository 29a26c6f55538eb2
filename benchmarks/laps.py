"""Training against the clock: an entrant runs until a time is up, then shows what it can draw."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from benchmarks.pace import synchronise

Draw = Callable[[int], Tensor]
"""Draws a number of images (N, C, H, W) in [-1, 1]."""


class Laps:
    """Stops a training loop's clock when a lap's time is up, and writes samples while it stands.

    The observer writes a lap as a line of JSON: ``seconds`` of training, and
    where to put how many ``samples``; the answer is a line of JSON with the
    seconds and steps so far. No command, no step.

    Args:
        commands: File descriptor to read laps from.
        answers: File descriptor to write to.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = os.fdopen(commands)
        self._answers = os.fdopen(answers, "w", buffering=1)
        self.seconds, self.steps = 0.0, 0
        self._next()

    def _next(self) -> None:
        line = self._commands.readline()
        self._lap: dict[str, Any] | None = json.loads(line) if line else None
        self._started = time.perf_counter()

    def step(self, draw: Draw) -> bool:
        """Count a step that was done; return whether there shall be another."""
        self.steps += 1
        if self._lap is None:
            return False
        if self.steps > 1 and time.perf_counter() - self._started < self._lap["seconds"]:
            return True
        self.stop(draw)
        self._next()
        return self._lap is not None

    def stop(self, draw: Draw, finished: bool = False) -> None:
        """Stop the clock, write the samples that the lap asks for, and answer."""
        if self._lap is None:
            return
        synchronise()
        if self.steps > 1:  # the first is the end of the start-up, which is timed by itself
            self.seconds += time.perf_counter() - self._started
        if self._lap["samples"]:
            import numpy as np  # here, as a plain script starts without these

            from gan_lab.media.image import to_bytes
            from gan_lab.metrics import seeded_batches

            batches = seeded_batches(draw, self._lap["samples"])
            np.save(Path(self._lap["file"]), np.concatenate([to_bytes(b).numpy() for b in batches]))
        answer = {"seconds": self.seconds, "steps": self.steps, "finished": finished}
        self._answers.write(json.dumps(answer) + "\n")
