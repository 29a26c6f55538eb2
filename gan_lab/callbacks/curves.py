"""The curves of a run."""

import re
import time
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor
from torch.optim import Optimizer

from gan_lab.contracts import AdversarialLoss, Report
from gan_lab.game import GAN
from gan_lab.game.batches import size_of


class TrainingCurves(Callback):
    """Logs losses, logits, penalties, gradient norms, learning rates and images per second.

    Points lie at multiples of the trainer's ``log_every_n_steps``; other steps
    cost nothing. The values also reach ``trainer.callback_metrics``, where
    other callbacks find them.
    """

    def __init__(self) -> None:
        self._gradient_norms: dict[str, Tensor] = {}
        self._images = 0
        self._since = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Start the clock."""
        self._images, self._since = 0, time.perf_counter()

    def on_before_optimizer_step(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, optimizer: Optimizer
    ) -> None:
        """Note a player's gradient norm, before any clipping, on steps that log."""
        if logs_at(trainer, trainer.global_step + 1):
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            gradients = [p.grad for p in parameters if p.grad is not None]
            name = f"gradient_norm/{player_of(pl_module, optimizer)}"
            self._gradient_norms[name] = torch.nn.utils.get_total_norm(gradients)

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Report, batch: Any, batch_idx: int
    ) -> None:
        """Log a point where one is due."""
        self._images += size_of(batch) * trainer.world_size
        if not logs_at(trainer, trainer.global_step):
            return
        report = summarise(pl_module.loss, outputs) | self._gradient_norms
        values = {name: float(value) for name, value in report.items()}
        for optimizer in trainer.optimizers:
            player = player_of(pl_module, optimizer)
            values[f"learning_rate/{player}"] = float(optimizer.param_groups[0]["lr"])
        now = time.perf_counter()
        values["images_per_second"] = self._images / (now - self._since)
        self._images, self._since = 0, now
        for logger in trainer.loggers:
            logger.log_metrics(values, step=trainer.global_step)
        # Lightning's log_dict would inspect each of them for some milliseconds.
        trainer.callback_metrics.update({k: torch.tensor(v) for k, v in values.items()})


def logs_at(trainer: Trainer, step: int) -> bool:
    """Tell whether the curves have a point at ``step``."""
    every: int = trainer.log_every_n_steps  # type: ignore[attr-defined]
    return step % every == 0


def player_of(module: GAN, optimizer: Optimizer) -> str:
    """Return whose parameters ``optimizer`` moves: "discriminator" or "generator"."""
    return "discriminator" if optimizer is module.trainer.optimizers[0] else "generator"


def summarise(loss: AdversarialLoss, report: Report) -> Report:
    """Reduce a step's report to scalars: means of logits, accuracy, the loss's divergence."""
    scalars = {name: value.mean() for name, value in report.items()}
    for key in [name for name in report if name.startswith("logits/real")]:
        head = key.removeprefix("logits/real")  # nothing, or a slash and the head's name
        real, fake = report[key].float(), report[f"logits/fake{head}"].float()
        scalars[f"divergence/{slug(loss.divergence_name)}{head}"] = loss.divergence(real, fake)
        if loss.real_threshold is not None:
            scalars[f"accuracy/real{head}"] = (real > loss.real_threshold).float().mean()
            scalars[f"accuracy/fake{head}"] = (fake <= loss.real_threshold).float().mean()
    return scalars


def slug(name: str) -> str:
    """Return ``name`` in the characters that TensorBoard allows.

    >>> slug("Jensen-Shannon (nats), lower bound")
    'Jensen-Shannon_nats_lower_bound'
    """
    return re.sub(r"[^\w.-]+", "_", name).strip("_")
