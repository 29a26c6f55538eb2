"""What a translating run is worth beside what needs no learning, as a table and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from gan_lab.errors import LabError

if TYPE_CHECKING:
    from torch import Tensor

    from gan_lab.contracts import Sample, Translating
    from gan_lab.data import DataModule
    from gan_lab.metrics import FeatureNetwork
    from gan_lab.metrics.translations import Method

Rows = dict[str, dict[str, list[float]]]
"""Of each method, each figure's values, one for each repetition."""


def evaluate_translations(
    config: DictConfig,
    tasks: Mapping[str, Translating],
    data: DataModule,
    network: FeatureNetwork,
) -> dict[str, Any]:
    """Measure translations of held-out samples, print the table, write evaluation.json, return it.

    Args:
        config: Of ``gan_lab.evaluate``.
        tasks: By the name of their weights.
        data: With its splits read.
        network: Of features.

    Raises:
        LabError: If there is no such direction, or nothing that is held out fits it.
    """
    from gan_lab.metrics import fitting_network, held_out, measure, trivial_methods, way_back

    task = next(iter(tasks.values()))
    direction = chosen_direction(task, config.direction)
    ends = task.direction(direction)
    count = min(config.num_samples, data.test.size)
    real = some_targets(data, ends.target, config.batch_size)
    back = way_back(task, direction)
    made = task.medium if back is None else task.source_medium(back)
    fitting = fitting_network(network, made)
    if fitting is None:
        print(f"left out, as {network.name} features do not take these images: fid, accuracy")
    methods: dict[str, Method] = {
        name: translating(task, direction) for name, task in tasks.items()
    }
    methods |= trivial_methods(task, direction, real)
    rows: Rows = {}
    for repeat in range(config.repeats):
        batches = held_out(
            task, data.test, data.medium, count, direction, config.seed + repeat, config.batch_size
        )
        found = measure(
            methods,
            batches,
            fitting,
            partial(data.plain, column=ends.target),
            None if back is None else translating(task, back),
            getattr(task, "classify", None),
        )
        for name, figures in found.items():
            for figure, value in figures.items():
                rows.setdefault(name, {}).setdefault(figure, []).append(value)
    return report(config, rows, direction, fitting, count)


def chosen_direction(task: Translating, name: str | None) -> str:
    """Return the direction that was asked for, or the first.

    Raises:
        LabError: If there is none of that name.
    """
    if name is not None and name not in task.directions:
        raise LabError(f"direction must be one of {', '.join(task.directions)}, got {name!r}")
    return name or next(iter(task.directions))


def translating(task: Translating, direction: str) -> Method:
    """Return what makes a task's translations of a source sample."""

    def method(sample: Sample) -> Tensor:
        return task.translate(sample, direction)["x"]

    return method


def some_targets(data: DataModule, column: str, count: int) -> Tensor:
    """Return the first training samples (n, C, H, W) of a column, in [-1, 1].

    Raises:
        LabError: If the data has no such column.
    """
    import torch

    found = data.train.rows(torch.arange(min(count, data.train.size)))
    if column not in found:
        raise LabError(
            f"this run translates to {column}, and the data holds {', '.join(found)}; choose the "
            "data set that it was trained on by data="
        )
    return data.medium.to_float(found[column])


def report(
    config: DictConfig,
    rows: Rows,
    direction: str,
    network: FeatureNetwork | None,
    count: int,
) -> dict[str, Any]:
    """Print the table, a column a method, write evaluation.json and return what it holds."""
    from rich.console import Console
    from rich.table import Table

    from gan_lab.cli.table import shown, told, write
    from gan_lab.metrics.tally import IDEALS
    from gan_lab.metrics.translations import label

    features = "" if network is None else f", {network.name} features"
    caption = "±: standard deviation over seeds" if config.repeats > 1 else None
    table = Table(title=f"{direction}: {count} held-out samples{features}", caption=caption)
    table.add_column("", no_wrap=True)
    for name in rows:
        table.add_column(name, justify="right")
    table.add_column("ideal", justify="right")
    for figure in (name for name in IDEALS if any(name in row for row in rows.values())):
        cells = [shown(row[figure], False) if figure in row else "" for row in rows.values()]
        ideal = IDEALS[figure]
        table.add_row(figure, *cells, f"{ideal:.4g}" if math.isfinite(ideal) else "∞")
    console = Console(soft_wrap=True)
    console.print(table)
    content = {
        "source": str(config.checkpoint),
        "direction": direction,
        "features": None if network is None else network.name,
        "features_digest": None if network is None else network.digest,
        "num_samples": count,
        "seed": config.seed,
        "figures": {
            name: {
                label(figure, direction, network, count): told(values)
                for figure, values in row.items()
            }
            for name, row in rows.items()
        },
    }
    console.print(str(write(content, config.output)), markup=False, highlight=False)
    return content
