"""How the cost of a step grows with the batch, the networks' width and the data."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, StrMethodFormatter

from benchmarks.contender import NAMES

Cell = dict[str, Any]


def draw(cells: list[Cell], path: Path) -> None:
    """Draw milliseconds a step against each of the three, as far as ``cells`` vary it."""
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    batch, width, data = figure.subplots(1, 3)
    simple = [c for c in cells if c["loss"] == "non_saturating" and c["precision"] == "32-true"]
    default = [c for c in simple if c["width"] == 32 and c["data_size"] == 60_000]
    for model, style in [("mlp", "-"), ("dcgan", "--")]:
        lines(batch, [c for c in default if c["model"] == model], "batch", model, style)
    lines(width, [c for c in simple if c["model"] == "dcgan" and c["batch"] == 64], "width")
    lines(data, [c for c in simple if c["model"] == "mlp" and c["batch"] == 64], "data_size")
    for axes, name in [
        (batch, "batch size"),
        (width, "channels of dcgan, batch 64"),
        (data, "training images, mlp, batch 64"),
    ]:
        axes.set(xlabel=name, ylabel="ms a step", xscale="log", yscale="log")
        axes.grid(alpha=0.3)
        label_ticks(axes)
        if axes.lines:
            # Below, where it covers nothing.
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, frameon=False)
    figure.savefig(path, dpi=120)


def label_ticks(axes: Axes) -> None:
    """Write plain numbers: below, at what was measured alone; beside, at 1, 2 and 5 of each ten."""
    places = sorted({float(x) for line in axes.lines for x in np.asarray(line.get_xdata())})
    axes.set_xticks(places, [f"{place:,.0f}" for place in places])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def lines(axes: Axes, cells: list[Cell], key: str, model: str = "", style: str = "-") -> None:
    """Draw a line for each contender, with the windows' spread as bars."""
    for index, name in enumerate(NAMES):
        points = [
            (c[key], c["contenders"][name]["steps_per_second"])
            for c in sorted(cells, key=lambda c: c[key])
            if name in c["contenders"]
        ]
        if not points:
            continue
        middle = [1e3 / speed["median"] for _, speed in points]
        below = [m - 1e3 / s["max"] for m, (_, s) in zip(middle, points, strict=True)]
        above = [1e3 / s["min"] - m for m, (_, s) in zip(middle, points, strict=True)]
        axes.errorbar(
            [x for x, _ in points],
            middle,
            yerr=[below, above],
            label=f"{name} {model}".strip(),
            color=f"C{index}",
            linestyle=style,
            marker="o",
            capsize=3,
        )
