"""Phase portraits, the table of verdicts and the animation of the Dirac-GAN."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from gan_lab.theory.catalogue import label
from gan_lab.theory.dirac import Method
from gan_lab.theory.figures import CRITIC, FAKE, REAL, finish, tiles

COLOURS = {
    "converges": "#2a9d8f",
    "converges slowly": "#8ecfc4",
    "circles": "#edae49",
    "does not converge": "#e08e79",
    "diverges": "#d1495b",
    "undecided": "#bfc5cc",
    "does not apply": "#eeeeee",
}
REACH = 1.6
"""Half the side of a phase portrait."""


class Portrait(NamedTuple):
    """What a tile shows: a field on ``axis`` × ``axis`` and two paths through it."""

    name: str
    verdict: str
    eigenvalues: np.ndarray | None
    axis: np.ndarray
    arrows: np.ndarray
    together: np.ndarray
    in_turn: np.ndarray


def draw_portraits(portraits: Sequence[Portrait]) -> Figure:
    """Return a figure with a tile for each method."""
    figure, axes = tiles(len(portraits), columns=min(4, len(portraits)), height=3.3)
    for axis, portrait in zip(axes, portraits, strict=True):
        draw_field(axis, portrait)
        for path, colour, name in paths(portrait):
            axis.plot(path[:, 0], path[:, 1], ".-", color=colour, lw=0.7, ms=2, label=name)
        axis.plot(*portrait.together[0], "o", color=CRITIC, ms=4)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return figure


def paths(portrait: Portrait) -> list[tuple[np.ndarray, str, str]]:
    """Return each path with its colour and name."""
    return [
        (portrait.together, FAKE, "simultaneous steps"),
        (portrait.in_turn, REAL, "alternating steps"),
    ]


def draw_field(axis: Axes, portrait: Portrait) -> None:
    """Draw where the players want to go, and say what becomes of them."""
    speed = np.linalg.norm(portrait.arrows, axis=-1)
    axis.streamplot(
        portrait.axis,
        portrait.axis,
        portrait.arrows[..., 0],
        portrait.arrows[..., 1],
        color=speed,
        cmap="Greys",
        norm=Normalize(-0.5 * speed.max(), 1.3 * speed.max()),
        linewidth=0.6,
        arrowsize=0.7,
        density=0.8,
    )
    axis.plot(0, 0, "+", color=CRITIC, ms=8)
    axis.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
    finish(axis, portrait.name, "θ, generator's position", "ψ, discriminator's slope")
    values = portrait.eigenvalues
    text = "the field jumps" if values is None else "λ = " + " , ".join(map(short, values))
    axis.text(
        0.5,
        0.985,
        f"{portrait.verdict}\n{text}",
        ha="center",
        va="top",
        fontsize=7.5,
        transform=axis.transAxes,
        bbox={"facecolor": COLOURS[portrait.verdict], "alpha": 0.85, "lw": 0, "pad": 2},
    )


def short(value: complex) -> str:
    """Return a complex number in few characters.

    >>> short(-0.5 + 0j), short(0.5j), short(-1 - 2j)
    ('-0.5', '0.5i', '-1-2i')
    """
    real, imaginary = round(value.real, 2) + 0.0, round(value.imag, 2) + 0.0
    if imaginary == 0:
        return f"{real:g}"
    return f"{imaginary:g}i" if real == 0 else f"{real:g}{imaginary:+g}i"


def draw_matrix(
    methods: Sequence[Method], verdicts: Mapping[str, tuple[float | None, str]]
) -> Figure:
    """Return the table of losses × regularizers, coloured by verdict."""
    rows = list(dict.fromkeys(label(method.loss) for method in methods))
    columns = list(dict.fromkeys(column(method) for method in methods))
    figure = Figure(
        figsize=(2.6 + 0.95 * len(columns), 1.9 + 0.36 * len(rows)), layout="constrained"
    )
    axis = figure.subplots()
    for method in methods:
        x, y = columns.index(column(method)), rows.index(label(method.loss))
        rate, word = verdicts[method.name]
        axis.add_patch(Rectangle((x, y), 0.96, 0.92, color=COLOURS[word], lw=0))
        text = "–" if word == "does not apply" else "jumps"
        if rate is not None:
            text = f"{round(rate, 4) + 0:.2g}"
        axis.text(x + 0.48, y + 0.46, text, ha="center", va="center", fontsize=8)
    axis.set_xlim(0, len(columns))
    axis.set_ylim(len(rows), 0)
    names = [name.replace("(", "\n(", 1) for name in columns]
    axis.set_xticks(np.arange(len(columns)) + 0.48, names, rotation=40, ha="right", fontsize=8)
    axis.set_yticks(np.arange(len(rows)) + 0.46, rows, fontsize=8)
    axis.tick_params(length=0)
    for side in axis.spines.values():
        side.set_visible(False)
    axis.set_title("Dirac-GAN: largest real part of the eigenvalues (1/time)", fontsize=10)
    axis.set_xlabel("regularizer")
    axis.set_ylabel("loss")
    for word, colour in COLOURS.items():
        axis.plot([], [], "s", color=colour, ms=8, label=word)
    figure.legend(loc="outside lower center", ncols=len(COLOURS), fontsize=8, frameon=False)
    return figure


def column(method: Method) -> str:
    """Return the name of a method's regularizers."""
    return " + ".join(label(item) for item in method.regularizers) or "none"


def animate(portraits: Sequence[Portrait], frames: int = 60) -> list[Image.Image]:
    """Return the frames of an animation of both paths of every method."""
    figure, axes = tiles(len(portraits), columns=min(4, len(portraits)), width=2.5, height=2.8)
    for axis, portrait in zip(axes, portraits, strict=True):
        draw_field(axis, portrait)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    # The fields are drawn once; only the paths are drawn again for each frame.
    still = canvas.copy_from_bbox(figure.bbox)  # type: ignore[no-untyped-call]
    moving = []
    for axis, portrait in zip(axes, portraits, strict=True):
        for path, colour, _ in paths(portrait):
            (tail,) = axis.plot([], [], color=colour, lw=1)
            (head,) = axis.plot([], [], "o", color=colour, ms=5)
            moving.append((axis, path, tail, head))
    images = []
    for frame in range(frames):
        canvas.restore_region(still)  # type: ignore[no-untyped-call]
        for axis, path, tail, head in moving:
            now = min(len(path) - 1, round(frame / (frames - 1) * (len(path) - 1)))
            tail.set_data(path[max(0, now - 40) : now + 1].T)
            head.set_data(path[now : now + 1].T)
            axis.draw_artist(tail)
            axis.draw_artist(head)
        pixels = np.array(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        images.append(Image.fromarray(pixels[..., :3]))
    return images
