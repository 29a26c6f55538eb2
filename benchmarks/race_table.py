"""The race as a Markdown table."""

import statistics
from typing import Any

FID = "fid/mnist_classifier"
GOALS = 10, 5, 3, 2, 1
TIMES = 30, 60, 120
AT_THE_END = {
    "FID": FID,
    "coverage": "coverage/mnist_classifier",
    "FID random": "fid/random",
    "FID pixels": "fid/pixels",
}
Entry = dict[str, Any]


def table(result: dict[str, Any]) -> str:
    """Return machine and table: medians over seeds, of what was seen at the marks."""
    entries = result["entries"]
    names = list(dict.fromkeys(entry["name"] for entry in entries))
    head = ["recipe", "changes", "seeds", "command to first step"]
    head += [f"s to FID {goal}" for goal in GOALS] + [f"FID after {t} s" for t in TIMES]
    head += ["steps", "seconds", *AT_THE_END]
    lines = [f"- {name}: {value}" for name, value in result["machine"].items()]
    lines += ["", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name in names:
        lines.append(f"| {' | '.join(row([e for e in entries if e['name'] == name]))} |")
    return "\n".join(lines)


def row(entries: list[Entry]) -> list[str]:
    """Return a recipe's cells: medians over its seeds, a dash where not all of them came there."""
    first, ends = entries[0], [entry["laps"][-1] for entry in entries]
    cells = [first["name"], first["changes"], str(len(entries))]
    cells.append(median([entry["startup_seconds"] for entry in entries], ".1f"))
    cells += [median([seconds_to(entry, goal) for entry in entries], ".0f") for goal in GOALS]
    cells += [median([fid_after(entry, time) for entry in entries], ".2f") for time in TIMES]
    cells += [median([end["steps"] for end in ends], ".0f")]
    cells += [median([end["seconds"] for end in ends], ".0f")]
    for figure in AT_THE_END.values():
        cells.append(median([end["figures"][figure] for end in ends], ".2f"))
    return cells


def seconds_to(entry: Entry, goal: float) -> float | None:
    """Return the first mark's seconds at which the FID was no more than ``goal``."""
    return next((lap["seconds"] for lap in entry["laps"] if lap["figures"][FID] <= goal), None)


def fid_after(entry: Entry, time: float) -> float | None:
    """Return the FID of the last mark no later than ``time``; where training ended, of its end.

    None where the entrant was stopped before.
    """
    laps = entry["laps"]
    if laps[-1]["seconds"] < 0.98 * time and not laps[-1]["finished"]:
        return None
    within: list[float] = [
        lap["figures"][FID] for lap in laps if lap["seconds"] <= max(1.02 * time, time + 0.5)
    ]
    return within[-1] if within else None


def median(values: list[Any], form: str) -> str:
    """Return the median as text, or a dash where a value is missing.

    >>> median([1.0, 3.0, 2.0], ".1f"), median([1.0, None], ".1f")
    ('2.0', '–')
    """
    return "–" if None in values else format(statistics.median(values), form)
