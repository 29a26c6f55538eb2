"""Texts at temperatures: what is likely, or what is rare."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from gan_lab.contracts import Likelihood, Task
from gan_lab.errors import LabError


def heat(task: Task, temperature: float | None) -> None:
    """Let a task that chooses draw at a temperature; None is what it was trained at.

    Raises:
        LabError: If it makes no choices.
    """
    if temperature is None:
        return
    if not isinstance(task, Likelihood):
        raise LabError("temperature is of runs that write texts; use temperature=null")
    task.temperature = float(temperature)


def at_temperatures(
    tasks: dict[str, Task], temperatures: Sequence[float] | None
) -> dict[str, Task]:
    """Return each task at each temperature, under names such as "raw 0.7"; as they are of None.

    Raises:
        LabError: If one makes no choices.
    """
    if temperatures is None:
        return tasks
    found = {}
    for name, task in tasks.items():
        for temperature in temperatures:
            found[f"{name} {temperature:g}"] = tempered = copy.copy(task)
            heat(tempered, temperature)
    return found
