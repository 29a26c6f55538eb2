"""Learning curves and intervals, as files for papers and as pictures for the page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gan_lab.report.comparison import Comparison, Group, Row
from gan_lab.report.metric import curve

STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "font.size": 9,
    "legend.frameon": False,
    "savefig.bbox": "tight",
    "svg.fonttype": "none",
    "text.parse_math": False,  # a $ in an override is no formula
    "svg.hashsalt": "gan_lab",  # the same numbers give the same file
}


def save_plots(comparison: Comparison, columns: Sequence[str], folder: Path) -> list[Path]:
    """Write every plot as SVG and PNG and return the PNG files.

    Args:
        comparison: What to show.
        columns: Columns of metrics.csv, a plot for each that any run has.
        folder: Where the files go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        figures = {"intervals": interval_plot(comparison)}
        for column in columns:
            figures[column.replace("/", "_")] = curve_plot(comparison, column)
        written = []
        for name, figure in figures.items():
            if figure is not None:
                figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
                figure.savefig(folder / f"{name}.png", dpi=160)
                written.append(folder / f"{name}.png")
    return written


def interval_plot(comparison: Comparison) -> Figure | None:
    """Return each group's seeds, mean and 95 % interval of the last value."""
    rows = [row for row in comparison.rows if row.last is not None]
    if not rows:
        return None
    figure, axes = new_figure(height=0.9 + 0.4 * len(rows))
    for place, row in enumerate(reversed(rows)):
        draw_row(axes, place, row, comparison)
    axes.set_yticks(range(len(rows)), [label(row) for row in reversed(rows)])
    axes.set_xlabel(f"{comparison.metric.name} ({comparison.metric.better} is better)")
    return figure


def draw_row(axes: Axes, place: int, row: Row, comparison: Comparison) -> None:
    """Draw one group's line of :func:`interval_plot`."""
    assert row.last is not None
    found = [comparison.metric.last(run) for run in row.group.finished]
    seeds = [value for value in found if value is not None]
    axes.plot(seeds, [place] * len(seeds), "o", color="0.6", markersize=4)
    if row.last.interval is not None:
        axes.plot(row.last.interval, [place, place], "-", color="C0", linewidth=2)
    axes.plot([row.last.mean], [place], "D", color="C0", markersize=5)


def curve_plot(comparison: Comparison, column: str) -> Figure | None:
    """Return a column's mean over seeds against steps, with a band of one standard deviation."""
    figure, axes = new_figure(height=3.0)
    drawn = []
    for index, row in enumerate(comparison.rows):
        steps, mean, deviation = band(row.group, column)
        if len(steps):
            drawn.append(mean)
            marker = "o" if len(steps) == 1 else ""  # a line through one point is not seen
            style: Any = {"color": f"C{index % 10}", "marker": marker, "markersize": 5}
            axes.plot(steps, mean, linewidth=1.2, label=label(row), **style)
            axes.fill_between(
                steps,
                mean - deviation,
                mean + deviation,
                color=f"C{index % 10}",
                alpha=0.2,
                linewidth=0,
            )
    axes.set_xlabel("step")
    axes.set_ylabel(column)
    if not drawn:
        return None
    scale(axes, drawn)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)
    return figure


Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
UNLIKE = 10.0
"""Times that one curve may be as large as another before they are drawn on a logarithmic axis."""


def scale(axes: Axes, curves: Sequence[Array]) -> None:
    """Choose an axis on which the largest curve does not flatten the others."""
    sizes = [size for size in (float(np.abs(curve).max()) for curve in curves) if size > 0]
    if not sizes or max(sizes) <= UNLIKE * min(sizes):
        return
    if min(float(curve.min()) for curve in curves) > 0:
        axes.set_yscale("log")
    else:
        axes.set_yscale("symlog", linthresh=min(sizes))


def band(group: Group, column: str) -> tuple[Array, Array, Array]:
    """Return steps that all finished runs of a group logged, with mean and sample deviation."""
    curves = [dict(curve(run, column)) for run in group.finished]
    if not curves:
        return np.empty(0), np.empty(0), np.empty(0)
    steps = sorted(set(curves[0]).intersection(*map(set, curves)))
    table = np.array([[values[step] for step in steps] for values in curves])
    deviation = table.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros(len(steps))
    return np.array(steps, dtype=float), table.mean(axis=0), deviation


def new_figure(height: float) -> tuple[Figure, Axes]:
    """Return an empty figure, known to no global state."""
    figure = Figure(figsize=(5.5, height))
    return figure, figure.subplots()


def label(row: Row) -> str:
    """Return a group's name as fits beside a plot."""
    return row.name if len(row.name) <= 60 else f"{row.name[:57]}..."
