"""Lightning's Trainer, set up for two players."""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import Checkpoint, ProgressBar
from pytorch_lightning.loggers import Logger

from gan_lab.engine.arithmetic import Precision, fast_precision, multiply_fast
from gan_lab.engine.overhead import (
    Unprofiled,
    forget_graphics_cards,
    keep_freed_memory,
    skip_idle_hooks,
)
from gan_lab.errors import LabError
from gan_lab.run.checkpoint import AtomicCheckpointIO

log = logging.getLogger(__name__)

INSTEAD = {
    "gradient_clip_val": "gradient_clip_val=1.0, without trainer., clips each player's gradient",
    "gradient_clip_algorithm": "gradient_clip_algorithm=value, without trainer., is the game's",
    "accumulate_grad_batches": "data.batch_size makes larger minibatches",
}
"""Arguments of Lightning's that manual optimization excludes, and what does what they do."""
PROCESSES = 8
"""That may be started on any machine, however few its processors."""


def build_trainer(
    max_steps: int,
    accelerator: str = "auto",
    devices: int | str | list[int] = "auto",
    strategy: str = "auto",
    precision: Precision | Literal["auto"] = "32-true",
    log_every_n_steps: int = 50,
    deterministic: bool = False,
    callbacks: Sequence[Callback] = (),
    loggers: Sequence[Logger] = (),
    **options: Any,
) -> Trainer:
    """Return a Trainer that makes exactly ``max_steps`` generator updates.

    Args:
        max_steps: Generator updates, positive.
        accelerator: As Lightning's.
        devices: As Lightning's.
        strategy: As Lightning's; plain data parallelism is told that each
            backward pass leaves one network's parameters unused.
        precision: As Lightning's; "auto" decides by what the machine is fast at.
        log_every_n_steps: Steps between points of the curves, positive.
        deterministic: As Lightning's.
        callbacks: Watchers of the run.
        loggers: Where the curves go.
        options: Further arguments of Lightning's Trainer.

    Raises:
        ValueError: If a number is out of range.
        LabError: If the machine or Lightning cannot do what is asked.
    """
    for name, value in [("max_steps", max_steps), ("log_every_n_steps", log_every_n_steps)]:
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    refuse_options(options, devices)
    if precision == "auto":
        chosen, reason = fast_precision(accelerator)
        log.info("precision %s: %s", chosen, reason)
    else:
        chosen = precision
    skip_idle_hooks(callbacks)
    try:
        trainer = Trainer(
            max_steps=max_steps,
            max_epochs=-1,
            accelerator=accelerator,
            devices=devices,
            strategy=two_player_strategy(strategy, accelerator, devices),
            precision=chosen,
            log_every_n_steps=log_every_n_steps,
            deterministic=deterministic,
            callbacks=list(callbacks),
            logger=list(loggers),
            plugins=[AtomicCheckpointIO()],
            enable_checkpointing=any(isinstance(c, Checkpoint) for c in callbacks),
            enable_progress_bar=any(isinstance(c, ProgressBar) for c in callbacks),
            enable_model_summary=False,
            num_sanity_val_steps=0,
            limit_val_batches=0,
            **{"profiler": Unprofiled(), **options},
        )
        if trainer.strategy.root_device.type == "cpu":
            forget_graphics_cards()
            keep_freed_memory()
            multiply_fast()
        if trainer.precision != chosen:  # Lightning warns and goes on with another
            raise LabError(
                f"trainer.precision={chosen} is not possible on this accelerator, which would "
                f"use {trainer.precision}; ask for that, or for 32-true"
            )
        refuse_to_wait(trainer)
        return trainer
    except (MisconfigurationException, ImportError, TypeError, ValueError) as error:
        hint = "; trainer.accelerator=auto takes what is there" if accelerator != "auto" else ""
        raise LabError(f"trainer: {error}{hint}") from error


def refuse_options(options: Mapping[str, Any], devices: int | str | list[int]) -> None:
    """Raise ValueError where Lightning would fail late, or start more than the machine can bear."""
    for name, instead in INSTEAD.items():
        if options.get(name) is not None:
            raise ValueError(f"{name} is not the trainer's where two players learn; {instead}")
    count = int(str(devices)) if str(devices).isdecimal() else 0
    most = max(PROCESSES, os.cpu_count() or 1)
    if count > most:
        raise ValueError(
            f"devices={count} would start as many processes on {os.cpu_count()} processor(s); "
            f"at most {most} are started"
        )


def refuse_to_wait(trainer: Trainer) -> None:
    """Raise LabError where a run would wait for other machines that nothing starts."""
    environment = getattr(trainer.strategy, "cluster_environment", None)
    if (
        trainer.num_nodes > 1
        and isinstance(environment, LightningEnvironment | None)
        and not {"MASTER_ADDR", "NODE_RANK"} <= os.environ.keys()
    ):
        raise LabError(
            f"trainer.num_nodes={trainer.num_nodes} would wait for ever for the other machines: "
            "start the command by SLURM or torchrun, or on each machine with MASTER_ADDR, "
            "MASTER_PORT and NODE_RANK in its environment"
        )


def two_player_strategy(strategy: str, accelerator: str, devices: int | str | list[int]) -> str:
    """Return the strategy's name, with unused parameters allowed under data parallelism.

    >>> two_player_strategy("ddp", "cpu", 2)
    'ddp_find_unused_parameters_true'
    >>> two_player_strategy("auto", "cpu", 1)
    'auto'
    """
    if strategy == "ddp":
        return "ddp_find_unused_parameters_true"
    if strategy != "auto":
        return strategy
    several = len(devices) > 1 if isinstance(devices, list) else devices not in ("auto", -1, 1, "1")
    if devices in ("auto", -1, "-1") and accelerator in ("auto", "gpu", "cuda"):
        several = torch.cuda.device_count() > 1
    return "ddp_find_unused_parameters_true" if several else "auto"
