"""A guard against losses that are no longer numbers."""

import math

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor
from torch.optim import Optimizer

from gan_lab.callbacks.curves import logs_at, player_of
from gan_lab.errors import LabError
from gan_lab.game import GAN


class FiniteLoss(Callback):
    """Stops the run when a player's loss is NaN or infinite, before the weights are touched.

    On a CPU every loss is looked at. On other devices that would wait for the
    device each time, so losses are looked at on the steps that log, and weights
    before each checkpoint: the checkpoint on disk is always from before.
    """

    def __init__(self) -> None:
        self._loss: Tensor | None = None

    def on_before_backward(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, loss: Tensor
    ) -> None:
        """Remember the loss whose gradient is about to be taken."""
        self._loss = loss.detach()

    def on_before_optimizer_step(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, optimizer: Optimizer
    ) -> None:
        """Raise LabError, naming the step and the player, where the loss is not finite."""
        loss, self._loss = self._loss, None
        step = trainer.global_step + 1
        if loss is None or (loss.device.type != "cpu" and not logs_at(trainer, step)):
            return
        if trainer.precision == "16-mixed":
            return  # the loss scaler meets infinities and skips their steps by itself
        if not math.isfinite(loss.item()):
            raise LabError(
                f"the {player_of(pl_module, optimizer)}'s loss became {loss.item()} at step "
                f"{step}; the run was stopped, and the last checkpoint is from before. "
                "A smaller optimizer.lr or a regularizer may help"
            )

    def on_save_checkpoint(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, checkpoint: dict[str, object]
    ) -> None:
        """Raise LabError rather than let weights that are not finite reach the disk."""
        for name, value in pl_module.state_dict().items():
            if not torch.isfinite(value).all():
                raise LabError(
                    f"{name} holds values that are not finite at step {trainer.global_step}; "
                    "the run was stopped, and the last checkpoint is from before"
                )
