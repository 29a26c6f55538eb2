"""Train a GAN: ``python -m gan_lab.train loss=wgan``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from gan_lab.cli.app import quoted, run
from gan_lab.cli.python import callable_module
from gan_lab.cli.resume import Changes, changes, refuse_changes, resumed_arguments
from gan_lab.errors import LabError

# Heavy libraries are imported inside functions, so that --help and a mistyped option answer fast.
if TYPE_CHECKING:
    from pytorch_lightning import Callback

    from gan_lab.callbacks import RunSummary
    from gan_lab.game import GAN


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

    from gan_lab.run.folder import claimed, read_summary

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
    from gan_lab.cli.announce import print_beginning, print_ending, quiet_lightning
    from gan_lab.cli.instantiate import build, select_number

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
    loggers = list(build(config, "logger").values())
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
    from gan_lab.run.checkpoint import newest_checkpoint, read_checkpoint

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
    from gan_lab.run.checkpoint import CONFIG_KEY, read_checkpoint

    content = read_checkpoint(path)
    changed = changes(content[CONFIG_KEY]["config"], OmegaConf.to_container(config, resolve=True))
    if not config.allow_changes:
        refuse_changes(changed)
    shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    saved = {name: tuple(tensor.shape) for name, tensor in content["state_dict"].items()}
    if shapes != saved:
        raise LabError(
            f"the networks of {path} have other shapes than those asked for; "
            "model, latent_dim and data.sample_shape must stay"
        )
    if content["global_step"] >= config.trainer.max_steps:
        raise LabError(
            f"{path} is at step {content['global_step']} already; "
            f"trainer.max_steps={2 * content['global_step'] or 1} would go on"
        )
    return changed


def build_module(config: DictConfig) -> GAN:
    """Return the GAN that ``config`` describes, with fresh weights or those of another run."""
    from gan_lab.cli.instantiate import build
    from gan_lab.run.pretrained import pretrained

    module: GAN = build(config, "module")
    start, theirs = config.pretrained, "discriminator."
    freeze = [name.removeprefix(theirs) for name in start.freeze if name.startswith(theirs)]
    others = [name for name in start.freeze if not name.startswith(theirs)]
    fresh = config.resume is None  # else its checkpoint holds all weights
    pretrained(module.task, start.generator if fresh else None, "task", others)
    place = start.discriminator if fresh else None
    pretrained(module.discriminator, place, "discriminator", freeze)
    try:
        module.configure_optimizers()  # says at once what an optimizer does not accept
    except (TypeError, ValueError) as error:
        raise LabError(f"optimizer or scheduler: {error}") from error
    return module


def build_callbacks(config: DictConfig) -> list[Callback]:
    """Return the callbacks that are not null, and the one that makes checkpoints self-contained."""
    import gan_lab
    from gan_lab.callbacks import ConfigInCheckpoint, RandomState
    from gan_lab.cli.instantiate import build
    from gan_lab.run.checkpoint import FORMAT

    record = {
        "format": FORMAT,
        "version": gan_lab.__version__,
        "overrides": list(HydraConfig.get().overrides.task),
        "config": OmegaConf.to_container(config, resolve=True),
    }
    callbacks = build(config, "callbacks").values()
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


callable_module(__name__, "train")

if __name__ == "__main__":
    main()
