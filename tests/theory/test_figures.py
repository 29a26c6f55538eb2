"""Figures whose legends cover nothing, curves that mean something, and progress that is told."""

from itertools import pairwise

import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.cost_plot import draw as draw_cost
from gan_lab.losses import NonSaturating, RelativisticAverage
from gan_lab.theory import progress
from gan_lab.theory.densities import Discrete, Gaussian
from gan_lab.theory.figures import finish, tiles
from gan_lab.theory.optimal import best_discriminator
from gan_lab.theory.pair import common
from gan_lab.theory.progress import tracked
from gan_lab.theory.studies.divergence_figure import Result, draw


def drawn(figure: Figure) -> None:
    FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("names", [["a", "b", "c"], ["estimated, discriminator 0.1 as fast"] * 4])
def test_a_legend_stands_outside_of_what_is_drawn(names: list[str]) -> None:
    figure, axes = tiles(3, columns=3)
    for axis in axes:
        for number, name in enumerate(names):
            axis.plot([0, 1, 2], [number, 5, -number], label=name)
        finish(axis, "title", "x", "y", legend=True)
    drawn(figure)
    for axis in axes:
        legend = axis.get_legend()
        assert legend is not None
        box = legend.get_window_extent()
        assert not any(box.overlaps(other.bbox) for other in axes)
        assert box.y1 <= axis.xaxis.label.get_window_extent().y0 + 1
        assert figure.bbox.y0 - 1 <= box.y0


def tile(p: Gaussian | Discrete, q: Gaussian | Discrete, loss: object) -> tuple[Figure, Axes]:
    optimum = best_discriminator(loss, common(p, q))  # type: ignore[arg-type]
    figure = draw(p, q, [Result(loss, optimum, torch.nn.Linear(1, 1))])  # type: ignore[arg-type]
    return figure, figure.axes[1]


def test_between_densities_the_relativistic_average_has_no_optimum_to_draw() -> None:
    figure, axis = tile(Gaussian(0.0, 1.0), Gaussian(1.0, 1.0), RelativisticAverage())
    assert [line.get_label() for line in axis.lines] == ["trained critic"]
    assert "no optimum" in [text.get_text() for text in axis.texts]
    drawn(figure)
    _, axis = tile(Discrete([0.3, 0.7]), Discrete([0.6, 0.4]), RelativisticAverage())
    assert "point by point" in [line.get_label() for line in axis.lines]
    figure, axis = tile(Gaussian(0.0, 1.0), Gaussian(1.0, 1.0), NonSaturating())
    assert "point by point" in [line.get_label() for line in axis.lines]
    assert len(figure.legends) == 1 and axis.get_legend() is None


def test_a_file_is_told_of_progress_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 1.0, 6.0, 6.0, 7.0, 12.0, 12.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    assert list(tracked(["a", "b", "c", "d"], "methods")) == ["a", "b", "c", "d"]
    assert capsys.readouterr().err.splitlines() == ["methods: 1 of 4", "methods: 3 of 4"]


def test_the_ticks_of_the_cost_plot_do_not_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    speed = {"steps_per_second": {"median": 10.0, "min": 9.0, "max": 11.0}}
    cells = [
        {
            "model": model, "loss": "non_saturating", "precision": "32-true", "batch": batch,
            "width": width, "data_size": data, "contenders": {"plain": speed, "tuned": speed},
        }
        for model, batch, width, data in [
            ("mlp", 64, 32, 6_000), ("mlp", 64, 32, 60_000), ("mlp", 256, 32, 60_000),
            ("dcgan", 64, 16, 60_000), ("dcgan", 64, 32, 60_000), ("dcgan", 64, 64, 60_000),
        ]
    ]  # fmt: skip
    kept: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, dpi: kept.append(figure))
    draw_cost(cells, None)  # type: ignore[arg-type]
    drawn(kept[0])
    for axis in kept[0].axes:
        labels = [label for label in axis.get_xticklabels(which="both") if label.get_text()]
        boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.x0)
        assert len(boxes) >= 2
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
        legend = axis.get_legend()
        assert legend is not None and not legend.get_window_extent().overlaps(axis.bbox)
