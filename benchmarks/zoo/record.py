"""What the zoo's runs ended with, kept beside the page: a run is made once, on whatever machine."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.jobs import summary_of
from gan_lab.cli.app import config_dir
from gan_lab.files import written_whole

GRIDS = "samples"
"""The folder of a run that holds its grids, the last of which is shown."""

Run = dict[str, Any]


def figures_of(page: Path) -> Path:
    """Return the folder that holds every recipe's runs and grid."""
    return page.parent / "figures" / page.stem


def digest(name: str, narrowed: list[str]) -> str:
    """Return a digest of a recipe's own file and of what narrows it; another is another run."""
    text = (config_dir() / "experiment" / f"{name}.yaml").read_text()
    return hashlib.sha256("\n".join([text, *narrowed]).encode()).hexdigest()[:16]


def recorded(name: str, narrowed: list[str], page: Path) -> dict[int, Run]:
    """Return a recipe's kept runs by seed, of the recipe as it stands."""
    path = figures_of(page) / f"{name}.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    wanted = digest(name, narrowed)
    return {int(seed): run for seed, run in kept.items() if run["recipe"] == wanted}


def keep(name: str, narrowed: list[str], seed: int, folder: Path, page: Path) -> None:
    """Keep what a finished run ended with, and the last grid of a recipe's first seed."""
    summary = summary_of(folder)
    runs = recorded(name, narrowed, page)
    runs[seed] = {
        "recipe": digest(name, narrowed),
        "steps": summary["steps"],
        "minutes": round(summary["wall_time_s"] / 60, 2),
        "device": summary["device"],
        "final": {key: round(value, 5) for key, value in summary["final"].items()},
    }
    figures = figures_of(page)
    with written_whole(figures / f"{name}.json") as file:
        text = json.dumps({str(one): runs[one] for one in sorted(runs)}, indent=1, sort_keys=True)
        file.write(f"{text}\n".encode())
    grids = sorted((folder / GRIDS).glob("step=*.png"))
    if grids and seed == min(runs):
        shutil.copyfile(grids[-1], figures / f"{name}.png")
