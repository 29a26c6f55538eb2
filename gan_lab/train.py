"""Train a GAN: ``python -m gan_lab.train loss=wgan``."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from gan_lab.cli.app import describe, literal_paths, quoted, run
from gan_lab.cli.objective import objective, refuse_unknown
from gan_lab.cli.python import callable_module
from gan_lab.cli.restore import go_on, refuse_states, refuse_unfit, restoring
from gan_lab.cli.resume import resumed_arguments
from gan_lab.cli.sweep import Interrupted, alone, holds_run, in_sweep
from gan_lab.errors import LabError

# Heavy libraries are imported inside functions, so that --help and a mistyped option answer fast.
if TYPE_CHECKING:
    from pytorch_lightning import Callback

    from gan_lab.callbacks import RunSummary
    from gan_lab.cli.record import Record
    from gan_lab.game import GAN


def main() -> None:
    """Run the command line, Hydra's multirun included."""
    run(train, "train", rewrite=lambda given: resumed_arguments(literal(given)))


FOLDERS = "hydra.run.dir", "hydra.sweep.dir", "sweep_dir"
PATHS = "data.root", "pretrained.discriminator", "pretrained.generator"


def literal(given: Sequence[str]) -> list[str]:
    r"""Return a command line with its paths quoted, as a path may hold any character.

    A folder may still be named by an interpolation, and a sweep goes over what commas divide.

    >>> literal(["hydra.run.dir=it's=1", "data.root=a,b"])
    ["hydra.run.dir='it\\'s=1'", "data.root='a,b'"]
    >>> literal(["-m", "hydra.sweep.dir=runs/${now:%Y}", "data.root=a,b"])[1:]
    ['hydra.sweep.dir=runs/${now:%Y}', 'data.root=a,b']
    """
    keys = FOLDERS if {"-m", "--multirun"} & set(given) else FOLDERS + PATHS
    return [
        argument if INTERPOLATION.search(argument) else literal_paths([argument], *keys)[0]
        for argument in given
    ]


INTERPOLATION = re.compile(r"dir=.*\$\{[\w.]+(:[^{}]*)?\}")
"""An interpolation in the name of a folder, such as ${now:%Y-%m-%d} or ${loss._target_}."""


def train(config: DictConfig) -> float | None:
    """Train as ``config`` says and return the value of its objective, if it names one.

    A job of a sweep goes on with what its folder holds, and is skipped where that is finished.

    Raises:
        LabError: If the configuration, the data or the machine does not allow it.
    """
    from pytorch_lightning.utilities import rank_zero_only

    from gan_lab.cli.record import Record, refuse_other_job
    from gan_lab.cli.settings import check_settings
    from gan_lab.run.folder import claimed, read_summary, record_failure

    folder, record = Path(config.run_dir), Record.of(config)
    rank: int = rank_zero_only.rank  # type: ignore[attr-defined]
    if rank:  # the first process of a parallel run holds the folder
        if config.inherited:
            go_on(config)
        return fit(config, record)
    with claimed(folder):
        begun = holds_run(folder)
        if begun and in_sweep():
            if not config.allow_changes:
                refuse_other_job(folder, record)
            summary = read_summary(folder)
            if summary.get("status") == "finished" and summary["steps"] >= config.trainer.max_steps:
                print(f"{folder} is finished already", file=sys.stderr)
                return objective(summary, config.objective)
        elif begun and config.resume is None:
            raise LabError(
                f"{folder} holds a run already; resume={folder} goes on with it, "
                "and another hydra.run.dir starts anew"
            )
        if config.inherited:
            record = Record.of(config, go_on(config))
        if not begun:
            record.write(folder)
        try:
            check_settings(config, "train")
            if in_sweep():
                continue_job(config)
            with alone():
                return fit(config, record)
        except (Exception, SystemExit) as error:
            record_failure(folder, describe(error))
            raise


def fit(config: DictConfig, record: Record) -> float | None:
    """Build everything and train, from ``config.resume`` on where it names a checkpoint."""
    from pytorch_lightning import Trainer, seed_everything
    from pytorch_lightning.callbacks import LambdaCallback
    from pytorch_lightning.loggers import TensorBoardLogger

    from gan_lab.callbacks import ChangedSettings, Interruption
    from gan_lab.cli.announce import print_beginning, print_ending, quiet_lightning
    from gan_lab.cli.instantiate import build, required
    from gan_lab.engine.overhead import skip_idle_hooks

    quiet_lightning()
    seed_everything(config.seed, verbose=False)
    data = required(config, "data")
    checkpoint = None if config.resume is None else Path(config.resume)
    changed = {} if checkpoint is None else refuse_unfit(config, checkpoint)
    module = build_module(config)
    summary, begun = build_summary(config), Event()

    def begins(trainer: Trainer, module: GAN) -> None:
        refuse_unknown(config.objective, trainer, module)
        if trainer.is_global_zero:  # only now is it sure that nothing is refused
            record.write(Path(config.run_dir))
        begun.set()

    callbacks = [*build_callbacks(config), LambdaCallback(on_train_start=begins), summary]
    if checkpoint is not None:
        refuse_states(module, checkpoint, changed)
        callbacks.append(ChangedSettings(changed))
    loggers = list((build(config, "logger") or {}).values())
    trainer = required(config, "trainer", callbacks=callbacks, loggers=loggers)
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger) and trainer.is_global_zero:
            text = OmegaConf.to_yaml(config, resolve=True)
            logger.experiment.add_text("config", f"```yaml\n{text}\n```")
    if trainer.is_global_zero:
        print_beginning(module, summary)
    skip_idle_hooks([module])
    with restoring(checkpoint, begun):
        trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
    if trainer.is_global_zero:
        print_ending(summary, Path(config.run_dir), trainer, module)
    for callback in callbacks:
        if isinstance(callback, Interruption) and callback.received is not None:
            raise Interrupted(128 + callback.received)
    return objective(summary.summary, config.objective)


def continue_job(config: DictConfig) -> None:
    """Let a sweep's job go on from the newest sound checkpoint of its own folder, if any."""
    from gan_lab.run.checkpoint import newest_checkpoint, read_checkpoint

    # The processes of a parallel job are started with these, and must not run the sweep.
    sys.argv[1:] = [*HydraConfig.get().overrides.task, f"run_dir={quoted(config.run_dir)}"]
    checkpoint = newest_checkpoint(Path(config.run_dir))
    if checkpoint is not None:
        config.resume = str(checkpoint.resolve())
        config.first_step = read_checkpoint(checkpoint, whole=False)["global_step"]
        sys.argv += [f"resume={quoted(config.resume)}", f"first_step={config.first_step}"]


def build_module(config: DictConfig) -> GAN:
    """Return the GAN that ``config`` describes, with fresh weights or those of another run."""
    from gan_lab.cli.faults import said
    from gan_lab.cli.instantiate import required
    from gan_lab.run.pretrained import learn_norms_alone, pretrained

    refuse_too_large(config)
    module: GAN = required(config, "module")
    start, theirs = config.pretrained, "discriminator."
    freeze = [name.removeprefix(theirs) for name in start.freeze if name.startswith(theirs)]
    others = [name for name in start.freeze if not name.startswith(theirs)]
    fresh = config.resume is None  # else its checkpoint holds all weights
    pretrained(module.task, start.generator if fresh else None, "task", others)
    if start.learn == "norms":
        learn_norms_alone(module.task)
    place = start.discriminator if fresh else None
    pretrained(module.discriminator, place, "discriminator", freeze)
    try:  # what an optimizer or a schedule does not accept is said at once
        built = module.configure_optimizers()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # schedules advance here without their optimizers
            for scheduler in built[1] if isinstance(built, tuple) else ():
                scheduler.step()
    except Exception as error:
        raise LabError(f"optimizer or scheduler: {said(error)}") from error
    return module


def refuse_too_large(config: DictConfig) -> None:
    """Raise LabError where networks and their gradients are more than the machine has memory for.

    They are counted on torch's meta device, where tensors have shapes and nothing else.
    """
    import torch

    from gan_lab.cli.instantiate import required
    from gan_lab.data.mapping import require_memory

    try:
        with torch.device("meta"), torch.random.fork_rng(devices=[]):
            sketch: GAN = required(config, "module")
    except Exception:  # networks that need values, and whatever is told when they are built
        return
    weights = sum(weight.nbytes for weight in sketch.parameters())
    require_memory("model (weights and gradients)", 2 * weights)


def build_callbacks(config: DictConfig) -> list[Callback]:
    """Return the callbacks that are not null, and the one that makes checkpoints self-contained."""
    import gan_lab
    from gan_lab.callbacks import ConfigInCheckpoint, Provenance, RandomState
    from gan_lab.cli.inherit import record
    from gan_lab.cli.instantiate import build

    kept = ConfigInCheckpoint(record(config, gan_lab.__version__))
    callbacks = (build(config, "callbacks") or {}).values()
    return [kept, Provenance(), RandomState(config.allow_changes), *callbacks]


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


callable_module(__name__, "train")

if __name__ == "__main__":
    main()
