"""The look that all figures share."""

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

REAL, FAKE, CRITIC, QUIET = "#1f6f8b", "#d1495b", "#222222", "#9aa0a6"
"""Colours of the real and the generated distribution, of the discriminator, of what recedes."""

CYCLE = ["#1f6f8b", "#d1495b", "#66a182", "#edae49", "#6c4f9c", "#8d6e63", "#3d5a80", "#b56576"]

LABELS = 0.38
"""Inches below an axis that its ticks and its label take."""


def tiles(
    count: int, columns: int, width: float = 3.0, height: float = 2.5, **options: Any
) -> tuple[Figure, list[Axes]]:
    """Return a figure with ``count`` axes in rows of ``columns``, laid out to fit."""
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for empty in axes.flat[count:]:
        empty.set_axis_off()
    for axis in axes.flat[:count]:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
        axis.grid(alpha=0.25, linewidth=0.5)
    return figure, list(axes.flat[:count])


def finish(axis: Axes, title: str, x: str, y: str, legend: bool = False) -> None:
    """Give an axis its words; a legend stands below it, where it covers nothing."""
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(x, fontsize=9)
    axis.set_ylabel(y, fontsize=9)
    if legend:
        legend_below(axis)


def legend_below(axis: Axes) -> None:
    """Put an axis's legend under its label, in two columns where the names are short."""
    names = axis.get_legend_handles_labels()[1]
    wide = max(map(len, names), default=0) > 20
    axis.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=axis.transAxes + ScaledTranslation(0, -LABELS, axis.figure.dpi_scale_trans),
        ncols=1 if wide else 2,
        fontsize=7.5,
        frameon=False,
    )
