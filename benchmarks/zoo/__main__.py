"""Train every recipe with its stated budget, and write docs/zoo.md of what came of it.

    python -m benchmarks.zoo                                # the real thing; again goes on
    python -m benchmarks.zoo --recipes began bgan --seeds 5
    python -m benchmarks.zoo --write-only                   # the page of what has finished

Each run is ``python -m gan_lab.train experiment=NAME``, narrowed by values where animals.yaml says
so. What it ended with is kept in docs/figures/zoo, and a run that is there, of the recipe as it
stands, is not made again: the command can be interrupted at any time. A run goes on at its last
checkpoint, the rest on another machine too.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from benchmarks.jobs import train
from benchmarks.zoo.record import Run, digest, figures_of, keep, recorded
from gan_lab.cli.app import config_dir
from gan_lab.report.statistics import describe

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
Animal = dict[str, Any]


def animals() -> list[Animal]:
    """Return what is said of each recipe, in the order of the page."""
    found: Any = OmegaConf.to_container(OmegaConf.load(HERE / "animals.yaml"))
    return [{"narrowed": []} | animal for animal in found]


def main() -> None:
    """Run what is missing, then write the page."""
    every = animals()
    names = [animal["name"] for animal in every]
    narrowings = {animal["name"]: animal["narrowed"] for animal in every}
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("outputs/zoo"))
    parser.add_argument("--recipes", nargs="+", default=names, choices=names, metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--max-steps", type=int, help="in place of each recipe's own budget")
    parser.add_argument("--page", type=Path, default=DOCS / "zoo.md")
    parser.add_argument("--write-only", action="store_true", help="train nothing")
    parser.add_argument("overrides", nargs="*", help="for every run, after --: trainer.devices=1")
    arguments = parser.parse_args()
    steps = arguments.max_steps
    if steps is not None and arguments.page == DOCS / "zoo.md":
        parser.error(
            "--max-steps makes other runs than those of docs/zoo.md; give a --page of its own"
        )
    budget = [] if steps is None else [f"trainer.max_steps={steps}"]
    jobs = [(name, seed) for seed in range(arguments.seeds) for name in arguments.recipes]
    for number, (name, seed) in enumerate([] if arguments.write_only else jobs, start=1):
        narrowed = [*narrowings[name], *budget]
        if seed in recorded(name, narrowed, arguments.page):
            continue
        print(f"[{number}/{len(jobs)}]", end=" ", file=sys.stderr, flush=True)
        folder = arguments.folder / f"{name}-{seed}-{digest(name, narrowed)}"
        summary = train(folder, [*settings(name, seed), *narrowed, *arguments.overrides])
        if summary.get("status") == "finished":
            keep(name, narrowed, seed, folder, arguments.page)
    write(every, budget, arguments.page)
    print(arguments.page)


def settings(name: str, seed: int) -> list[str]:
    """Return a run's overrides, by which its last weights alone are measured."""
    measure = judge(name)
    samples = ["callbacks.evaluation.final_num_samples=10000"] if measure == "evaluation" else []
    only = f"callbacks.{measure}.every_n_steps=1000000"
    return [f"experiment={name}", f"seed={seed}", "metrics=all", only, *samples]


def judge(name: str) -> str:
    """Return the callback that measures a recipe's runs."""
    recipe = OmegaConf.load(config_dir() / "experiment" / f"{name}.yaml")
    translates = {"override /callbacks": "translation"} in recipe.defaults
    return "translations" if translates else "evaluation"


def measured(runs: list[Run], figure: str) -> tuple[str, list[float]] | None:
    """Return the full name of a figure and its last value in each run that has it.

    With averaged weights beside the raw ones, the averaged are taken.
    """
    shared = set.intersection(*(set(run["final"]) for run in runs))
    named = [name for name in shared if name == figure or name.partition("/")[0] == figure]
    if not named:
        return None
    # Of averaged weights before raw ones, of more samples before fewer.
    full = max(named, key=lambda name: (name.endswith("_ema"), len(name), name))
    return full, [run["final"][full] for run in runs]


def cell(values: list[float]) -> str:
    """Return the mean with its 95 % interval, or the one value there is.

    >>> cell([0.5])
    '0.5'
    """
    found = describe(values)
    if found.interval is None:
        return f"{found.mean:.3g}"
    return f"{found.mean:.3g} [{found.interval.low:.3g}, {found.interval.high:.3g}]"


def entry(animal: Animal, budget: list[str], page: Path) -> list[str]:
    """Return a recipe's part of the page."""
    name = animal["name"]
    runs = list(recorded(name, [*animal["narrowed"], *budget], page).values())
    lines = [
        f"## {name}",
        "",
        f"{animal['paper']}: {animal['new']}.",
        "",
        f"    {animal['formula']}",
        "",
        f"`{' '.join([f'experiment={name}', *animal['narrowed']])}`. "
        f"Published: {animal['published']}.",
        "",
    ]
    if not runs:
        return [*lines, "Not trained here yet.", ""]
    minutes = describe([run["minutes"] for run in runs]).mean
    lines += [
        f"Here: {runs[0]['steps']:,} steps, {len(runs)} seed{'s' * (len(runs) > 1)}, "
        f"{minutes:.1f} minutes each ({runs[0]['device']}); mean and 95 % interval.",
        "",
    ]
    for figure in animal["figures"]:
        found = measured(runs, figure)
        lines.append(
            f"- {figure}: not measured" if found is None else f"- `{found[0]}`: {cell(found[1])}"
        )
    lines += ["", f"{animal['seen']}."] if "seen" in animal else []
    grid = figures_of(page) / f"{name}.png"
    if grid.exists():
        lines += ["", f"![The first samples of {name}, seed 0]({grid.relative_to(page.parent)})"]
    return [*lines, ""]


def write(every: list[Animal], budget: list[str], page: Path) -> None:
    """Write the page, with what has finished and what has not."""
    lines = [
        "# The zoo",
        "",
        "Written by `make zoo`, which trains every recipe with the budget that it states, as "
        "`python -m gan_lab.train` with the word that it names, and goes on where it was stopped. "
        "Shown are the last weights of every run and the first samples of seed 0, failures too. "
        "Figures of other features, counts or budgets do not compare.",
        "",
    ]
    for animal in every:
        lines += entry(animal, budget, page)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    main()
