"""Train every recipe that translates, and print the tables of docs/translation.md.

    python -m benchmarks.translations                        # the real thing; again goes on
    python -m benchmarks.translations --only srgan cogan     # recipes whose names begin so
    python -m benchmarks.translations --table-only           # of whatever has finished

Every run is ``python -m gan_lab.train`` with the overrides of recipes.yaml, and is measured on
1,000 held-out samples by ``python -m gan_lab.evaluate``, beside the methods that need no learning.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import fmean
from typing import Any

from omegaconf import OmegaConf

from benchmarks.jobs import arguments, call, slug, summary_of, table, told, train
from benchmarks.translations.adaptation import alone
from benchmarks.translations.coupled import agreement

HERE = Path(__file__).parent
Recipe = dict[str, Any]
Figures = dict[str, dict[str, float]]
"""Of each method, each figure's value."""
Rows = dict[str, dict[str, list[float]]]
"""Of each method, each figure's values over seeds."""
OURS = "ours"
"""A checkpoint's own figures; of the average of its weights, where one was kept."""


def main() -> None:
    """Run what is missing and print the tables."""
    parser = arguments(__doc__ or "", "outputs/results/translation", seeds=None)
    parser.add_argument("--only", nargs="+", default=[""], help="beginnings of recipes' names")
    given = parser.parse_args()
    recipes: Any = OmegaConf.to_container(OmegaConf.load(HERE / "recipes.yaml"))
    for recipe in recipes:
        if not recipe["name"].startswith(tuple(given.only)):
            continue
        kept = min(recipe.get("kept", {}).values(), default=None)
        runs: dict[str, list[Path]] = defaultdict(list)
        for seed in range(given.seeds or recipe.get("seeds", 1)):
            for row, own in {"trained": [], **recipe.get("beside", {})}.items():
                folder = given.folder / f"{slug(recipe['name'])}-{slug(row)}-{seed}"
                overrides = [*recipe["train"], *own, f"seed={seed}", *given.overrides]
                if kept is not None:
                    overrides.append(f"callbacks.checkpoints.keep_every_n_steps={kept}")
                found = summary_of(folder) if given.table_only else train(folder, overrides)
                if found.get("status") == "finished":
                    runs[row].append(folder)
        if runs:
            show(recipe, runs)


def show(recipe: Recipe, runs: dict[str, list[Path]]) -> None:
    """Print a recipe's table."""
    summaries = [summary_of(run) for run in runs["trained"]]
    minutes = sum(summary["wall_time_s"] for summary in summaries) / 60 / len(summaries)
    first = summaries[0]
    print(
        f"\n{recipe['name']}: {len(summaries)} seed{'s' * (len(summaries) > 1)}, "
        f"{first['steps']:,} steps, {minutes:.1f} minutes each\n"
    )
    if "view" in recipe:
        found = [agreement(run, recipe["view"]) for run in runs["trained"]]
        names = list(found[0])
        print(table(names, [[cell([row[name] for row in found]) for name in names]]))
        return
    directions = recipe.get("directions", [None])
    for group in [directions] if recipe.get("together") else [[each] for each in directions]:
        rows: Rows = defaultdict(lambda: defaultdict(list))
        for row, folders in runs.items():
            for folder in folders:
                last = folder / "checkpoints" / "last.ckpt"
                add(rows, row, averaged(last, group), row == "trained")
        for row, step in recipe.get("kept", {}).items():
            for folder in runs["trained"]:
                checkpoint = folder / "checkpoints" / f"step={step:06d}.ckpt"
                add(rows, row, averaged(checkpoint, group), False)
        if recipe.get("alone"):
            for seed in range(len(summaries)):
                for row, accuracy in alone(runs["trained"][seed], seed).items():
                    rows[row]["target_accuracy"].append(accuracy)
        figures = recipe["figures"]
        cells = [[row, *(cell(found[f]) for f in figures)] for row, found in rows.items()]
        for row, other in recipe.get("differences", []):
            paired = [less(rows[row][f], rows[other][f]) for f in figures]
            cells.append([f"{row} less {other}", *map(cell, paired)])
        print(table([group[0] if group[0] and len(group) == 1 else "", *figures], cells))
    for term in recipe.get("terms", []):
        ends = [summary["final"][f"term/{term}"] for summary in summaries]
        print(f"\n`term/{term}` at the end: {cell(ends)}")


def less(values: list[float], others: list[float]) -> list[float]:
    """Return the differences, seed by seed: the same held-out samples stand on both sides."""
    return [value - other for value, other in zip(values, others, strict=True)]


def cell(values: list[float]) -> str:
    """Return the mean with its interval over seeds, or the one value there is.

    >>> cell([0.5]), cell([1.0, 2.0, 3.0]), cell([])
    ('0.500', '2.000 [-0.484, 4.484]', '')
    """
    return f"{values[0]:.3f}" if len(values) == 1 else told(values, 3)


def add(rows: Rows, row: str, found: Figures, all_of_them: bool) -> None:
    """Add a checkpoint's figures to its row, and those of the methods beside it to theirs."""
    for method, figures in found.items():
        if method == OURS or all_of_them:
            for figure, value in figures.items():
                rows[row if method == OURS else method][figure].append(value)


def averaged(checkpoint: Path, directions: list[str | None]) -> Figures:
    """Return the figures of a checkpoint and of the methods beside it, means over directions."""
    found = [measured(checkpoint, direction) for direction in directions]
    return {
        method: {name: fmean(each[method][name] for each in found) for name in figures}
        for method, figures in found[0].items()
    }


def measured(checkpoint: Path, direction: str | None) -> Figures:
    """Return the figures of a run's checkpoint, and of the methods beside it, measured once."""
    name = f"{checkpoint.stem}{'' if direction is None else '_' + direction}"
    output = checkpoint.parents[1] / "measured" / name
    path = output / "evaluation.json"
    if not path.exists():
        call(
            [
                *(sys.executable, "-m", "gan_lab.evaluate", f"checkpoint='{checkpoint}'"),
                *("num_samples=1000", "weights=both", f"output={output}"),
                *([] if direction is None else [f"direction={direction}"]),
            ]
        )
    figures = json.loads(path.read_text())["figures"]
    ours = "ema" if "ema" in figures else "raw"
    return {
        OURS if method == ours else method: {
            name.partition("/")[0]: value["mean"] for name, value in found.items()
        }
        for method, found in figures.items()
        if method == ours or method not in ("raw", "ema")
    }


if __name__ == "__main__":
    main()
