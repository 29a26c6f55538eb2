"""Seconds of training until the digits are good, per recipe: ``make race``.

    python -m benchmarks.race                                    # every recipe, three seeds
    python -m benchmarks.race --entrants default wide --seeds 1 --marks 10 20 30
    python -m benchmarks.race --table                            # print what was measured again

All entrants of a seed start together and take turns, each stopped while another runs, so that
whatever else the machine does falls on all alike. At each mark of its own clock an entrant draws
samples; neither drawing nor measuring them counts. Every entrant is measured by three rulers: the
FID in the features of the shipped classifier, in those of a random convolutional network and in
pixels; a recipe that wins by one and loses by another has not won. What has been raced is kept in
race.json and not raced again.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.contender import Contender, lab, script
from benchmarks.race_table import table
from benchmarks.recipes import PLAIN, RECIPES, Recipe
from benchmarks.run import machine
from benchmarks.setting import ROOT, Setting, data_root

MARKS = 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 105, 120
STARTED = {"seconds": 0, "samples": 0}
"""The lap that ends with the first step."""


def main() -> None:
    """Race what has not been raced, print the table, draw the plot."""
    arguments = parse()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    path = arguments.folder / "race.json"
    result: dict[str, Any] = {"machine": machine(), "entries": []}
    if path.exists():
        result = json.loads(path.read_text())
    for seed in range(0 if arguments.table else arguments.seeds):
        raced = [entry["name"] for entry in result["entries"] if entry["seed"] == seed]
        missing = [RECIPES[name] for name in arguments.entrants if name not in raced]
        if missing:
            result["entries"] += race(missing, seed, arguments)
            path.write_text(json.dumps(result, indent=1) + "\n")
    print(table(result))
    if not arguments.no_plot:
        from benchmarks.race_plot import draw

        draw(result["entries"], arguments.folder / "race.png")
    print(f"\n{path}")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entrants", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--marks", nargs="+", type=float, default=MARKS, help="seconds of training")
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--root", type=data_root, default=ROOT)
    parser.add_argument("--folder", type=Path, default=Path("outputs/race"))
    parser.add_argument("--no-plot", action="store_true")
    parser.add_argument("--table", action="store_true", help="print the table, race nothing")
    arguments = parser.parse_args()
    arguments.folder = arguments.folder.resolve()
    return arguments


def race(recipes: list[Recipe], seed: int, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Let the entrants of one seed take turns, and measure what they drew."""
    entrants: dict[str, Contender] = {}
    laps: dict[str, list[dict[str, Any]]] = {recipe.name: [] for recipe in recipes}
    try:
        for recipe in recipes:
            command = command_of(recipe, seed, arguments)
            entrants[recipe.name] = Contender(recipe.name, command, json.dumps(STARTED))
        last = 0.0
        for mark in sorted(arguments.marks):
            for name in [n for n in entrants if not (laps[n] and laps[n][-1]["finished"])]:
                file = arguments.folder / f"{name}-{seed}-{mark:g}.npy"
                lap = {"seconds": mark - last, "samples": arguments.samples, "file": str(file)}
                laps[name].append({**entrants[name].window(json.dumps(lap)), "file": str(file)})
                print(f"seed {seed} {name}: {laps[name][-1]['seconds']:.1f} s", flush=True)
            last = mark
    finally:
        for entrant in entrants.values():
            entrant.stop()
    from benchmarks.rulers import Rulers

    measure = Rulers(arguments.root, arguments.samples)
    return [
        {
            "name": recipe.name,
            "changes": recipe.changes,
            "seed": seed,
            "startup_seconds": entrants[recipe.name].startup,
            "laps": [measure(lap) for lap in laps[recipe.name]],
        }
        for recipe in recipes
    ]


def command_of(recipe: Recipe, seed: int, arguments: argparse.Namespace) -> Any:
    """Return what starts an entrant."""
    if recipe.name == PLAIN:
        setting = Setting("dcgan_32")
        return script("plain", setting, arguments.root, "--laps", "--seed", str(seed))
    overrides = [
        *recipe.overrides,
        f"seed={seed}",
        # Measuring is no part of training.
        *("callbacks.evaluation=null", "callbacks.nearest_neighbours=null"),
    ]
    folder = arguments.folder / "runs" / f"{recipe.name}-{seed}-{os.getpid()}"
    return lab(overrides, "benchmarks.lab.LapsCallback", arguments.root, folder)


if __name__ == "__main__":
    main()
