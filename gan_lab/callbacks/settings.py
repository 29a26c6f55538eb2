"""Optimizers whose settings were changed on purpose."""

import warnings
from collections.abc import Collection
from typing import Any

from pytorch_lightning import Callback, Trainer

from gan_lab.game import GAN

PLAYERS = "discriminator", "generator"


class ChangedSettings(Callback):
    """Lets optimizers and schedules of a resumed run follow its configuration, not its checkpoint.

    A checkpoint restores learning rates, betas and schedules over whatever the
    configuration says. Here the settings are new, as if they had held from the
    first step; moments stay, unless the optimizer is of another class.

    Args:
        changed: Keys of the hyperparameters that differ.
    """

    def __init__(self, changed: Collection[str]) -> None:
        self.changed = changed

    def on_load_checkpoint(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, checkpoint: dict[str, Any]
    ) -> None:
        """Put the new settings in the checkpoint's place, before Lightning restores it."""
        if not any(key.startswith(("optimizer.", "scheduler")) for key in self.changed):
            return
        built = pl_module.configure_optimizers()
        optimizers, schedulers = built if isinstance(built, tuple) else (built, [])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # schedules advance here without their optimizers
            for scheduler in schedulers:
                for _ in range(checkpoint["global_step"]):
                    scheduler.step()
        for player, optimizer, state in zip(
            PLAYERS, optimizers, checkpoint["optimizer_states"], strict=True
        ):
            state["param_groups"] = optimizer.state_dict()["param_groups"]
            if f"optimizer.{player}._target_" in self.changed:
                state["state"] = {}
        checkpoint["lr_schedulers"] = [scheduler.state_dict() for scheduler in schedulers]
