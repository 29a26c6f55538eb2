"""What a training run says on the terminal before it begins and when it has ended."""

from __future__ import annotations

import logging
import shlex
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from gan_lab.cli.app import quoted

if TYPE_CHECKING:
    from pytorch_lightning import Trainer

    from gan_lab.callbacks import RunSummary
    from gan_lab.game import GAN


def quiet_lightning() -> None:
    """Keep Lightning's notes for developers and its advertisements off the terminal."""
    for name in ("pytorch_lightning", "matplotlib"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # A sweep's launcher asks SLURM for processes; one run on a login node needs no srun.
    warnings.filterwarnings("ignore", message="The `srun` command is available")
    # A term's network of features is not trained, and stays in evaluation mode.
    warnings.filterwarnings("ignore", message=r"Found \d+ module\(s\) in eval mode")
    # Points of the curves are counted in steps, however few an epoch has.
    warnings.filterwarnings("ignore", message="The number of training batches")
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


def print_ending(summary: RunSummary, folder: Path, trainer: Trainer, module: GAN) -> None:
    """Say what came of the run, where everything is and what to do next."""
    from rich.console import Console

    result = summary.summary
    place = relative(folder)
    speed = result["images_per_second"] or 0.0
    lines = [
        f"{result['status']} at step {result['steps']} of {result['max_steps']} "
        f"after {result['wall_time_s']:.0f} s, {speed:,.0f} images/s",
        *measured(trainer),
        f"  run folder   {place}",
    ]
    if (grid := last_grid(trainer)) is not None:
        lines.append(f"  last grid    {relative(grid)}")
    lines.append(f"  look at it   tensorboard --logdir {shlex.quote(str(place))}")
    if (place / "checkpoints" / "last.ckpt").exists():
        if not module.task.needs:
            many = "num_samples=64" if module.task.medium.shown else "format=npz"
            sampled = f"{argument('checkpoint', place)} {many}"
            lines.append(f"  sample it    python -m gan_lab.sample {sampled}")
        more = f" trainer.max_steps={2 * result['max_steps']}"
        ended = result["status"] == "finished"
        resumed = argument("resume", place) + elsewhere(trainer) + (more if ended else "")
        lines.append(f"  resume it    python -m gan_lab.train {resumed}")
    Console(stderr=True, highlight=False, soft_wrap=True).print("\n".join(lines), markup=False)


def elsewhere(trainer: Trainer) -> str:
    """Return data.root as a command line needs it: no checkpoint tells where the data lies."""
    from gan_lab.cli.stored_data import kept_at

    data = trainer.datamodule  # type: ignore[attr-defined]
    root, kept = getattr(data, "root", None), kept_at(f"gan_lab.data.{type(data).__name__}")
    if root is None or (kept is not None and Path(kept).expanduser() == Path(root)):
        return ""
    return f" {argument('data.root', root)}"


def measured(trainer: Trainer) -> list[str]:
    """Return lines that tell the last weights' figures beside those of real samples."""
    from gan_lab.callbacks import MetricEvaluation

    lines = []
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, MetricEvaluation) and callback.ending is not None:
            evaluation, figures = callback.ending
            floor = evaluation.floor
            told = [
                f"{name} {figures[name]:.4g}"
                + (f" (real {floor[name]:.4g})" if name in floor else "")
                for name in HEADLINES
                if name in figures
            ]
            if told:
                lines.append(f"  {', '.join(told)} of {evaluation.num_samples:,} samples")
    return lines


HEADLINES = "fid", "precision", "recall"


def last_grid(trainer: Trainer) -> Path | None:
    """Return the file of the last picture of samples, if one was drawn."""
    from gan_lab.callbacks import SampleGrid

    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, SampleGrid):
            drawn = callback.folder / f"step={trainer.global_step:06d}.png"
            if drawn.exists():
                return drawn
    return None


def relative(path: Path) -> Path:
    """Return a path as it is written from the current folder, where it lies in that."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def argument(key: str, path: Path) -> str:
    """Return what a person types into a shell to give a command a path.

    >>> argument("runs", Path("outputs/my sweep"))
    "'runs=outputs/my sweep'"
    """
    text = str(path)
    quotes = "'", '"', "["  # what begins with one of them is taken as Hydra writes it
    return shlex.quote(f"{key}={quoted(text) if text.startswith(quotes) else text}")
