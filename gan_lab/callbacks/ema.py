"""A generator averaged over its training."""

from typing import Any, cast

from pytorch_lightning import Callback, Trainer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gan_lab.contracts import Task
from gan_lab.game import GAN
from gan_lab.run.checkpoint import EMA_KEY


class EMA(Callback):
    r"""Keeps an exponential moving average of the generator's weights and running statistics.

    .. math:: \bar w \leftarrow \beta \bar w + (1 - \beta) w,
        \qquad \beta = \min\bigl(\text{decay}, \tfrac{1 + t}{10 + t}\bigr) \text{ at step } t

    so that the first, random weights are soon forgotten. Training never sees the average.

    References:
        The Unusual Effectiveness of Averaging in GAN Training (Yazıcı et al.
        2019), arXiv 1806.04498.

    Args:
        decay: The limit of :math:`\beta` a step, in [0, 1); None keeps no average.
        every_n_steps: Steps between updates, each by :math:`\beta` to this power; positive.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(self, decay: float | None = 0.999, every_n_steps: int = 1) -> None:
        if decay is not None and not 0 <= decay < 1:
            raise ValueError(f"decay must lie in [0, 1), got {decay}")
        if every_n_steps < 1:
            raise ValueError(f"every_n_steps must be at least 1, got {every_n_steps}")
        self.decay = decay
        self.every_n_steps = every_n_steps
        self._averaged: AveragedModel | None = None
        self._restored: dict[str, Any] | None = None

    @property
    def task(self) -> Task:
        """The generating side with averaged weights; there is one once training has begun."""
        if self._averaged is None:
            raise RuntimeError("the average starts with training")
        return cast(Task, self._averaged.module)

    def on_train_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Start from the generator as it is, or from the checkpoint's average."""
        if self.decay is None:
            return
        self._averaged = AveragedModel(pl_module.task, use_buffers=True)
        self._averaged.requires_grad_(False)
        # Initialised already: the first update is to average, and not to copy.
        self._averaged.n_averaged.fill_(1)
        if self._restored is not None:
            self.task.load_state_dict(self._restored)
            self._restored = None

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Take the step's weights in."""
        step = trainer.global_step
        if self._averaged is None or self.decay is None:
            return
        if step % self.every_n_steps == 0:
            decay = min(self.decay, (1 + step) / (10 + step)) ** self.every_n_steps
            self._averaged.multi_avg_fn = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
            self._averaged.update_parameters(pl_module.task)

    def on_save_checkpoint(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, checkpoint: dict[str, Any]
    ) -> None:
        """Put the averaged weights into the checkpoint."""
        if self._averaged is not None:
            checkpoint[EMA_KEY] = self.task.state_dict()

    def on_load_checkpoint(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, checkpoint: dict[str, Any]
    ) -> None:
        """Remember the checkpoint's average, if it has one, for when training begins."""
        self._restored = checkpoint.get(EMA_KEY)


def averaged_task(trainer: Trainer) -> Task | None:
    """Return the averaged generating side of a run that keeps one."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, EMA) and callback.decay is not None:
            return callback.task
    return None
