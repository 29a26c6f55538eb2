"""The figures of an evaluation as a table and as JSON."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from gan_lab.files import written_whole

if TYPE_CHECKING:
    from gan_lab.metrics import Evaluation

Column = dict[str, list[float]]
"""Each figure's values, one for each repetition."""


def report(
    config: DictConfig, evaluation: Evaluation, columns: dict[str, Column], floor: Any
) -> dict[str, Any]:
    """Print the table, write evaluation.json and return what it holds."""
    from rich.console import Console
    from rich.table import Table

    means = {name: {f: statistics.fmean(v) for f, v in c.items()} for name, c in columns.items()}
    better = {n: evaluation.better_than_real(m) if floor else [] for n, m in means.items()}
    caption = ["real: training samples under the same ruler"] if floor else []
    if any(len(values) > 1 for column in columns.values() for values in column.values()):
        caption.append("±: standard deviation over sampling seeds")
    table = Table(
        title=f"{evaluation.num_samples} samples, {evaluation.network.name} features",
        caption="; ".join(caption) or None,
    )
    table.add_column("", no_wrap=True)
    for heading in [*columns, *(["real"] if floor else []), "ideal"]:
        table.add_column(heading, justify="right")
    for figure, ideal in evaluation.ideals.items():
        cells = [shown(c[figure], figure in better[name]) for name, c in columns.items()]
        cells += [f"{floor[figure]:.4g}" if figure in floor else "–"] if floor else []
        bound = "≤ " if figure in evaluation.bounds else ""  # which real samples do not reach
        bound = bound if ideal else bound.replace("≤", "≥")
        table.add_row(figure, *cells, f"{bound}{ideal:.4g}")
    console = Console(soft_wrap=True)
    console.print(table)
    if any(better.values()):
        console.print(
            "! closer to the ideal than real samples are: over-concentration or copies, no merit",
            markup=False,
        )
    label = evaluation.label
    content = {
        "source": str(config.checkpoint or config.images or config.samples),
        "features": evaluation.network.name,
        "features_digest": evaluation.network.digest,
        "num_samples": evaluation.num_samples,
        "num_real": len(evaluation.reference.real),
        "seed": config.seed,
        "figures": {
            name: {label(f): told(values) for f, values in column.items()}
            for name, column in columns.items()
        },
        "real_training_samples": {label(f): v for f, v in floor.items()} if floor else None,
        "better_than_real": better,
    }
    path = write(content, config.output)
    console.print(str(path), markup=False, highlight=False)
    return content


def write(content: dict[str, Any], output: str) -> Path:
    """Write evaluation.json into a folder, whole or not at all, and return its path."""
    path = Path(output).expanduser() / "evaluation.json"
    with written_whole(path) as file:
        file.write((json.dumps(content, indent=2, allow_nan=False) + "\n").encode())
    return path


def told(values: list[float]) -> dict[str, Any]:
    """Return what evaluation.json says of a figure: mean, standard deviation, all values."""
    return {"mean": statistics.fmean(values), "sd": deviation(values), "values": values}


def shown(values: list[float], better: bool) -> str:
    """Return a cell: the mean, its standard deviation if there are several, a mark if too good."""
    sd = deviation(values)
    spread = "" if sd is None else f" ± {sd:.2g}"
    return f"{'! ' if better else ''}{statistics.fmean(values):.4g}{spread}"


def deviation(values: list[float]) -> float | None:
    """Return the sample standard deviation, or None of a single value."""
    return statistics.stdev(values) if len(values) > 1 else None
