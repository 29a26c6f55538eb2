"""What a training run says on the terminal before it begins and when it has ended."""

from __future__ import annotations

import logging
import shlex
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gan_lab.callbacks import RunSummary
    from gan_lab.game import GAN


def quiet_lightning() -> None:
    """Keep Lightning's notes for developers and its advertisements off the terminal."""
    for name in ("pytorch_lightning", "matplotlib"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # A sweep's launcher asks SLURM for processes; one run on a login node needs no srun.
    warnings.filterwarnings("ignore", message="The `srun` command is available")
    # Lightning 2.6 calls a class of torch's that torch 2.14 has renamed.
    warnings.filterwarnings("ignore", message=r".*isinstance\(treespec, LeafSpec\).*")


def print_beginning(module: GAN, summary: RunSummary) -> None:
    """Say what is about to be trained."""
    sizes = {
        player: sum(p.numel() for p in network.parameters())
        for player, network in [("G", module.task), ("D", module.discriminator)]
    }
    axes = " ".join(f"{name}={value}" for name, value in summary.hyperparameters.items())
    print(f"{axes}\nG {sizes['G']:,} and D {sizes['D']:,} parameters", file=sys.stderr)


def print_ending(summary: RunSummary, folder: Path) -> None:
    """Say where everything is and what to do next."""
    from rich.console import Console

    result = summary.summary
    place = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    run_argument = shlex.quote(str(place))
    speed = result["images_per_second"] or 0.0
    lines = [
        f"{result['status']} at step {result['steps']} of {result['max_steps']} "
        f"after {result['wall_time_s']:.0f} s, {speed:,.0f} images/s",
        f"  run folder   {place}",
        f"  look at it   tensorboard --logdir {run_argument}",
        f"  sample it    python -m gan_lab.sample checkpoint={run_argument} num_samples=64",
        f"  resume it    python -m gan_lab.train resume={run_argument}",
    ]
    if result["status"] == "finished":
        lines[-1] += f" trainer.max_steps={2 * result['max_steps']}"
    Console(stderr=True, highlight=False, soft_wrap=True).print("\n".join(lines), markup=False)
