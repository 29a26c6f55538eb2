"""The curves of a run."""

import copy
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor
from torch.optim import Optimizer

from gan_lab.contracts import AdversarialLoss, Discriminator, Report
from gan_lab.game import GAN
from gan_lab.game.batches import size_of

Reduce = Callable[[Sequence[Report]], Report]
"""Reports to a number a step, by name; see :func:`summarise`."""
PENDING = 50
"""Steps whose reports are kept before they are reduced to a number each."""


class TrainingCurves(Callback):
    """Logs losses, logits, penalties, gradient norms, learning rates and images per second.

    Points lie at multiples of the trainer's ``log_every_n_steps``; a run too short for one has one
    at its end. Each is the mean over the steps since the last one, of a step with several
    discriminator updates the last of them; gradient norms and learning rates are the step's own.
    The values also reach ``trainer.callback_metrics``, where other callbacks find them.
    """

    def __init__(self) -> None:
        self._window = Window()
        self._gradient_norms: dict[str, Tensor] = {}
        self._images = 0
        self._since = 0.0
        self._told = False

    def on_train_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Start the clock."""
        self._window.to(pl_module.device)
        self._images, self._since, self._told = 0, time.perf_counter(), False

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
        reduce = partial(summarise, pl_module.loss, pl_module.discriminator)
        self._window.add(reduce, outputs)
        if logs_at(trainer, trainer.global_step):
            self._log(trainer, pl_module, self._window.means(reduce) | self._gradient_norms)

    def on_train_end(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Log a point of what there is where the run was too short for one."""
        if self._images and not self._told:
            reduce = partial(summarise, pl_module.loss, pl_module.discriminator)
            # A run that goes on later makes the same points as one without a break.
            self._log(trainer, pl_module, copy.deepcopy(self._window).means(reduce))

    def _log(self, trainer: Trainer, module: GAN, report: Report) -> None:
        # Together, as each by itself would wait for the device.
        numbers = torch.stack([value.double() for value in report.values()]).tolist()
        values = dict(zip(report, numbers, strict=True))
        for optimizer in trainer.optimizers:
            player = player_of(module, optimizer)
            values[f"learning_rate/{player}"] = float(optimizer.param_groups[0]["lr"])
        now = time.perf_counter()
        values["images_per_second"] = self._images / (now - self._since)
        self._images, self._since, self._told = 0, now, True
        for logger in trainer.loggers:
            logger.log_metrics(values, step=trainer.global_step)
        # Lightning's log_dict would inspect each of them for some milliseconds.
        trainer.callback_metrics.update({k: torch.tensor(v) for k, v in values.items()})

    def state_dict(self) -> dict[str, Any]:
        """Return what the point to come is a mean of, for a run that goes on later."""
        return {"pending": self._window.pending, "reduced": self._window.reduced}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take it up."""
        self._window.pending = state_dict["pending"]
        self._window.reduced = state_dict["reduced"]


class Window:
    """The reports of the steps since the last point.

    Attributes:
        pending: Reports as they came, copied, as replayed graphs write into the same memory.
        reduced: Those before as one number a step, by name; tensors, which wait for no device.
    """

    def __init__(self) -> None:
        self.pending: list[Report] = []
        self.reduced: dict[str, list[Tensor]] = {}

    def add(self, reduce: Reduce, report: Report) -> None:
        """Take a step's report."""
        self.pending.append({name: value.clone() for name, value in report.items()})
        if len(self.pending) >= PENDING:
            self._reduce(reduce)

    def _reduce(self, reduce: Reduce) -> None:
        for name, values in reduce(self.pending).items():
            self.reduced.setdefault(name, []).append(values)
        self.pending = []

    def means(self, reduce: Reduce) -> Report:
        """Return the mean of each name over the steps that reported it, and begin anew."""
        if self.pending:
            self._reduce(reduce)
        found = {name: torch.cat(parts).double().mean() for name, parts in self.reduced.items()}
        self.reduced = {}
        return found

    def to(self, device: torch.device) -> None:
        """Bring what a checkpoint held to the device that the run goes on with."""
        self.pending = [{k: v.to(device) for k, v in report.items()} for report in self.pending]
        self.reduced = {k: [v.to(device) for v in parts] for k, parts in self.reduced.items()}


def logs_at(trainer: Trainer, step: int) -> bool:
    """Tell whether the curves have a point at ``step``."""
    every: int = trainer.log_every_n_steps  # type: ignore[attr-defined]
    return step % every == 0


def player_of(module: GAN, optimizer: Optimizer) -> str:
    """Return whose parameters ``optimizer`` moves: "discriminator" or "generator"."""
    return "discriminator" if optimizer is module.trainer.optimizers[0] else "generator"


def summarise(
    loss: AdversarialLoss, discriminator: Discriminator, reports: Sequence[Report]
) -> Report:
    """Reduce reports to a number a step: means of logits, accuracy, the loss's divergence.

    Logits of packs tell the divergence between packs, JS(pᵐ, qᵐ) and not JS(p, q), and say so.

    Returns:
        By name, shape (n,): of the n steps that reported it.
    """
    names = dict.fromkeys(name for report in reports for name in report)
    scalars = {name: mean_of_each([r[name] for r in reports if name in r]) for name in names}
    keys = [name for name in names if name.startswith("logits/real")]
    parts = discriminator.parts()
    packings = [part.packing for part in parts]
    if len(parts) != len(keys):  # one that gives several kinds of logits by itself
        packings = [discriminator.packing] * len(keys)
    for key, packing in zip(keys, packings, strict=True):
        head = key.removeprefix("logits/real")  # nothing, or a slash and the head's name
        pairs = [
            (report[key].float(), report[f"logits/fake{head}"].float())
            for report in reports
            if key in report
        ]
        packs = f"_between_packs_of_{packing}" if packing > 1 else ""
        divergences = [loss.divergence(real, fake) for real, fake in pairs]
        name = f"divergence/{slug(loss.divergence_name)}{packs}{head}"
        scalars[name] = torch.stack(divergences)
        for side, kind in enumerate(("real", "fake")):
            margins = [loss.margin(pair[side]) for pair in pairs]
            right = [(m > 0) == (kind == "real") for m in margins if m is not None]
            if right:  # a critic has no accuracy
                scalars[f"accuracy/{kind}{head}"] = mean_of_each(right)
    return scalars


def mean_of_each(values: Sequence[Tensor]) -> Tensor:
    """Return the mean of each of ``values``, in single precision, shape (n,)."""
    if len({value.shape for value in values}) > 1:
        return torch.stack([value.float().mean() for value in values])
    return torch.stack(list(values)).float().reshape(len(values), -1).mean(1)


def slug(name: str) -> str:
    """Return the first words of ``name``, before units and qualifications, as a curve's name.

    >>> slug("Jensen-Shannon (nats), lower bound"), slug("KL(real || generated) (nats)")
    ('jensen-shannon', 'kl_real_generated')
    """
    first = re.split(r" \(|,", name)[0]
    return re.sub(r"[^\w.-]+", "_", first).strip("_").lower()
