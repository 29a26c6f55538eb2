"""Train a GAN: ``python -m gan_lab.train loss=wgan``."""

from __future__ import annotations

import logging
import shlex
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from gan_lab.app import run
from gan_lab.errors import LabError
from gan_lab.resume import resumed_arguments

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

    Raises:
        LabError: If the configuration, the data or the machine does not allow it.
    """
    from pytorch_lightning import seed_everything
    from pytorch_lightning.loggers import TensorBoardLogger

    from gan_lab.callbacks import Interruption
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
    loggers = [build(config, f"logger.{name}") for name, node in config.logger.items() if node]
    trainer = build(config, "trainer", callbacks=callbacks, loggers=loggers)
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger) and trainer.is_global_zero:
            text = OmegaConf.to_yaml(config, resolve=True)
            logger.experiment.add_text("config", f"```yaml\n{text}\n```")
    if trainer.is_global_zero:
        print_beginning(module, summary)
    checkpoint = None if config.resume is None else str(config.resume)
    trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
    if trainer.is_global_zero:
        print_ending(summary, Path(config.run_dir))
    for callback in callbacks:
        if isinstance(callback, Interruption) and callback.received is not None:
            sys.exit(128 + callback.received)
    return objective(summary.summary, config.objective)


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
    from gan_lab.callbacks import ConfigInCheckpoint
    from gan_lab.instantiate import build

    record = {
        "version": gan_lab.__version__,
        "overrides": list(HydraConfig.get().overrides.task),
        "config": OmegaConf.to_container(config, resolve=True),
    }
    callbacks = [build(config, f"callbacks.{k}") for k, v in config.callbacks.items() if v]
    return [ConfigInCheckpoint(record), *callbacks]


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
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
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
