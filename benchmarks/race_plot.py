"""FID against seconds of training, a line for each recipe."""

from pathlib import Path
from typing import Any

from benchmarks.race_table import FID


def draw(entries: list[dict[str, Any]], path: Path) -> None:
    """Draw a thin line for each seed, thick where it is the first."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    colours: dict[str, str] = {}
    for entry in entries:
        fresh = entry["name"] not in colours
        colour = colours.setdefault(entry["name"], f"C{len(colours)}")
        axes.plot(
            [lap["seconds"] for lap in entry["laps"]],
            [lap["figures"][FID] for lap in entry["laps"]],
            color=colour,
            linewidth=2 if fresh else 0.8,
            marker="o" if fresh else None,
            markersize=3,
            label=entry["name"] if fresh else None,
        )
    axes.set(xscale="log", yscale="log", xlabel="seconds of training", ylabel="FID")
    for axis, ticks in (
        (axes.xaxis, (2, 5, 10, 20, 50, 100)),
        (axes.yaxis, (1, 2, 5, 10, 50, 200)),
    ):
        axis.set_ticks(ticks, [str(tick) for tick in ticks])
        axis.set_ticks([], minor=True)
    seconds = [lap["seconds"] for entry in entries for lap in entry["laps"]]
    axes.set_xlim(0.9 * min(seconds), 1.1 * max(seconds))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)
