"""Train a GAN: ``python -m gan_lab.train loss=wgan``."""

from __future__ import annotations

import logging
import os
import shlex
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from gan_lab.app import quoted, run
from gan_lab.errors import LabError
from gan_lab.resume import Changes, changes, refuse_changes, resumed_arguments

# Heavy libraries are imported inside functions, so that --help and a mistyped option answer fast.
if TYPE_CHECKING:
    from pytorch_lightning import Callback

    from gan_lab.callbacks import RunSummary
    from gan_lab.module import GAN


def main() -> None:
    """Run the command line, Hydra's multirun included."""
    run(train, "train", rewrite=resumed_arguments)


def train(config: DictConfig) -> float | None:
    """Train as ``config`` says and return the value of its objective, if it names one.

    A job of a sweep goes on with what its folder holds, and is skipped where that is finished.

    Raises:
        LabError: If the configuration, the data or the machine does not allow it.
    """
    from pytorch_lightning.utilities import rank_zero_only

    from gan_lab.run_folder import claimed, read_summary

    folder = Path(config.run_dir)
    rank: int = rank_zero_only.rank  # type: ignore[attr-defined]
    with claimed(folder) if rank == 0 else nullcontext():
        if HydraConfig.get().mode is RunMode.MULTIRUN:
            summary = read_summary(folder)
            if summary.get("status") == "finished" and summary["steps"] >= config.trainer.max_steps:
                print(f"{folder} is finished already", file=sys.stderr)
                return objective(summary, config.objective)
            continue_job(config)
        elif config.resume is None and (folder / "checkpoints" / "last.ckpt").exists():
            raise LabError(
                f"{folder} holds a run already; resume={folder} goes on with it, "
                "and another hydra.run.dir starts anew"
            )
        with alone():
            return fit(config)


@contextmanager
def alone() -> Iterator[None]:
    """Leave nothing of a parallel run behind, which the sweep's next job would take for its own."""
    import torch

    names = ("LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def fit(config: DictConfig) -> float | None:
    """Build everything and train, from ``config.resume`` on where it names a checkpoint."""
    from pytorch_lightning import seed_everything
    from pytorch_lightning.loggers import TensorBoardLogger

    from gan_lab.callbacks import ChangedSettings, Interruption
    from gan_lab.instantiate import build, select_number

    seed = select_number(config, "seed", int, 0)
    select_number(config, "n_critic", int, 1)
    select_number(config, "latent_dim", int, 1)
    quiet_lightning()
    seed_everything(seed, verbose=False)
    data = build(config, "data")
    module = build_module(config)
    summary = build_summary(config)
    callbacks = [*build_callbacks(config), summary]
    checkpoint = None if config.resume is None else Path(config.resume)
    if checkpoint is not None:
        callbacks.append(ChangedSettings(checked_changes(config, checkpoint, module)))
    loggers = [build(config, f"logger.{name}") for name, node in config.logger.items() if node]
    trainer = build(config, "trainer", callbacks=callbacks, loggers=loggers)
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger) and trainer.is_global_zero:
            text = OmegaConf.to_yaml(config, resolve=True)
            logger.experiment.add_text("config", f"```yaml\n{text}\n```")
    if trainer.is_global_zero:
        print_beginning(module, summary)
    trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
    if trainer.is_global_zero:
        print_ending(summary, Path(config.run_dir))
    for callback in callbacks:
        if isinstance(callback, Interruption) and callback.received is not None:
            sys.exit(128 + callback.received)
    return objective(summary.summary, config.objective)


def continue_job(config: DictConfig) -> None:
    """Let a sweep's job go on from the newest sound checkpoint of its own folder, if any."""
    from gan_lab.checkpoint import newest_checkpoint, read_checkpoint

    # The processes of a parallel job are started with these, and must not run the sweep.
    sys.argv[1:] = [*HydraConfig.get().overrides.task, f"run_dir={quoted(config.run_dir)}"]
    checkpoint = newest_checkpoint(Path(config.run_dir))
    if checkpoint is not None:
        config.resume = str(checkpoint.resolve())
        config.first_step = read_checkpoint(checkpoint)["global_step"]
        sys.argv += [f"resume={quoted(config.resume)}", f"first_step={config.first_step}"]


def checked_changes(config: DictConfig, path: Path, module: GAN) -> Changes:
    """Return the hyperparameters that changed on purpose since a checkpoint was written.

    Raises:
        LabError: If some changed and that was not asked for, if the networks
            are others, or if nothing is left to train.
    """
    from gan_lab.checkpoint import CONFIG_KEY, read_checkpoint

    content = read_checkpoint(path)
    changed = changes(content[CONFIG_KEY]["config"], OmegaConf.to_container(config, resolve=True))
    if not config.allow_changes:
        refuse_changes(changed)
    shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    saved = {name: tuple(tensor.shape) for name, tensor in content["state_dict"].items()}
    if shapes != saved:
        raise LabError(
            f"the networks of {path} have other shapes than those asked for; "
            "model, latent_dim and data.image_shape must stay"
        )
    if content["global_step"] >= config.trainer.max_steps:
        raise LabError(
            f"{path} is at step {content['global_step']} already; "
            f"trainer.max_steps={2 * content['global_step'] or 1} would go on"
        )
    return changed


def build_module(config: DictConfig) -> GAN:
    """Return the GAN that ``config`` describes, freshly initialised."""
    from gan_lab.instantiate import build

    module: GAN = build(
        config,
        "module",
        generator=build(config, "model.generator"),
        discriminator=build(config, "model.discriminator"),
        loss=build(config, "loss"),
        generator_optimizer=build(config, "optimizer.generator"),
        discriminator_optimizer=build(config, "optimizer.discriminator"),
        regularizers=[
            build(config, f"regularizer.{k}") for k, v in config.regularizer.items() if v
        ],
        scheduler=build(config, "scheduler"),
        augmentations=[
            build(config, f"augmentation.{k}") for k, v in config.augmentation.items() if v
        ],
        auxiliary=build(config, "auxiliary"),
    )
    try:
        module.configure_optimizers()  # says at once what an optimizer does not accept
    except (TypeError, ValueError) as error:
        raise LabError(f"optimizer or scheduler: {error}") from error
    return module


def build_callbacks(config: DictConfig) -> list[Callback]:
    """Return the callbacks that are not null, and the one that makes checkpoints self-contained."""
    import gan_lab
    from gan_lab.callbacks import ConfigInCheckpoint, RandomState
    from gan_lab.instantiate import build

    record = {
        "version": gan_lab.__version__,
        "overrides": list(HydraConfig.get().overrides.task),
        "config": OmegaConf.to_container(config, resolve=True),
    }
    callbacks = [build(config, f"callbacks.{k}") for k, v in config.callbacks.items() if v]
    return [ConfigInCheckpoint(record), RandomState(config.allow_changes), *callbacks]


def build_summary(config: DictConfig) -> RunSummary:
    """Return the writer of summary.json."""
    from gan_lab.callbacks import RunSummary

    groups = HydraConfig.get().runtime.choices
    shown = ("data", "model", "optimizer", "regularizer", "loss")
    hyperparameters: dict[str, Any] = {name: str(groups[name]) for name in shown if name in groups}
    hyperparameters |= {
        name: OmegaConf.select(config, name)
        for name in ("seed", "latent_dim", "n_critic", "optimizer.lr", "data.batch_size")
    }
    return RunSummary(Path(config.run_dir) / "summary.json", config.seed, hyperparameters)


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
        for player, network in [("G", module.generator), ("D", module.discriminator)]
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


def objective(summary: dict[str, Any], name: str | None) -> float | None:
    """Return the final value called ``name``, which a sweep optimises.

    Raises:
        LabError: If the run logged no such value.
    """
    if name is None:
        return None
    final: dict[str, float] = summary["final"]
    if name not in final:
        raise LabError(f"objective={name} was not logged; choose one of {', '.join(final)}")
    return final[name]


if __name__ == "__main__":
    main()
