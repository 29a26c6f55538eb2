"""Measuring the generator while it trains."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor

from gan_lab.callbacks.checkpoints import Checkpoints
from gan_lab.callbacks.counts import refuse_counts
from gan_lab.callbacks.ema import averaged_task
from gan_lab.callbacks.progress import measuring
from gan_lab.callbacks.substitutes import loaded, using
from gan_lab.contracts import Likelihood
from gan_lab.data import DataModule
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.metrics import (
    Batch,
    Evaluation,
    FeatureNetwork,
    Reference,
    SampleMetric,
    left_out,
    seeded_batches,
)
from gan_lab.metrics.reference import cached_activations

log = logging.getLogger(__name__)


class MetricEvaluation(Callback):
    """Measures the generator every n steps, keeps best.ckpt, and measures best and last at the end.

    The test split is what generated samples are compared with. Where an
    average of the generator is kept (EMA), both are measured and the average
    decides what is best. Neither weights, batch norm's statistics nor random
    numbers of the training are touched.

    Args:
        network: The feature network; its name and the sample count are in every figure's name.
        metrics: Builds each metric from a reference; null entries are left out.
        every_n_steps: Steps between evaluations, positive.
        num_samples: Samples of these evaluations.
        final_num_samples: Samples of the last one, of the best and the last weights; by default
            10,000, and no more than ``num_samples`` where the run ends before its first evaluation.
        monitor: The figure that decides which weights are best, those closest to its ideal.
        seed: Of the samples.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        network: FeatureNetwork,
        metrics: Mapping[str, Callable[[Reference], SampleMetric] | None],
        every_n_steps: int = 1000,
        num_samples: int = 2000,
        final_num_samples: int | None = None,
        monitor: str = "fid",
        seed: int = 0,
    ) -> None:
        for name, value in [
            ("every_n_steps", every_n_steps),
            ("num_samples", num_samples),
            ("final_num_samples", final_num_samples),
        ]:
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if not isinstance(metrics, Mapping):
            raise ValueError(
                "callbacks.evaluation.metrics takes no list; choose metrics=quick, default or all, "
                "and leave one out with metrics.figures.kid=null"
            )
        self.network = network
        self.metrics = {name: metric for name, metric in metrics.items() if metric is not None}
        self.every_n_steps = every_n_steps
        self.num_samples = num_samples
        self.final_num_samples = final_num_samples
        self.monitor = monitor
        self.seed = seed
        self.best_step: int | None = None
        self.best_value = math.nan
        self.best_figures: dict[str, float] = {}
        self._best_task: dict[str, Tensor] = {}
        self.ending: tuple[Evaluation, dict[str, float]] | None = None
        self._evaluation: Evaluation
        self._final: int

    def labels(self) -> set[str]:
        """Return the full names of what a run that has started is measured by."""
        counts = self.num_samples, self._final
        return {self._evaluation.label(f, n) for f in self._evaluation.ideals for n in counts}

    def on_train_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Measure the real samples, unless the cache holds them.

        Raises:
            LabError: If the features do not fit the data, no metric gives the monitored figure, or
                a metric needs more samples than it will get.
        """
        network = self.network.to(pl_module.device)
        data = trainer.datamodule  # type: ignore[attr-defined]
        metrics = dict(self.metrics)
        task = pl_module.task
        likely = isinstance(task, Likelihood)
        unsuited = left_out(metrics, network, task.num_classes, task.labels_are_drawn, likely)
        for reason, names in unsuited.items():
            for name in names:
                del metrics[name]
            if trainer.is_global_zero:
                log.info("metrics left out, as %s: %s", reason, ", ".join(names))
        self._evaluation = build_evaluation(network, metrics, data, self.num_samples)
        if self.monitor not in self._evaluation.ideals:
            raise LabError(
                f"monitor must be one of {', '.join(self._evaluation.ideals)}, got {self.monitor!r}"
            )
        long = trainer.max_steps >= self.every_n_steps
        self._final = self.final_num_samples or (10_000 if long else self.num_samples)
        refuse_counts(self._evaluation, self.num_samples, self._final)

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Measure where it is due, and keep the checkpoint if it is the best so far."""
        if trainer.global_step % self.every_n_steps:
            return
        figures = self._log(trainer, pl_module, self._evaluation)
        value, ideal = figures[self.monitor], self._evaluation.ideals[self.monitor]
        if not abs(value - ideal) >= abs(self.best_value - ideal) and not math.isnan(value):
            self.best_step, self.best_value = trainer.global_step, value
            best = averaged_task(trainer) or pl_module.task
            self._best_task = {k: v.cpu().clone() for k, v in best.state_dict().items()}
            for callback in trainer.callbacks:  # type: ignore[attr-defined]
                if isinstance(callback, Checkpoints):
                    callback.save(trainer, "best.ckpt")

    def on_train_end(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Measure the last and the best weights with the final count; not if cut short."""
        if trainer.global_step < trainer.max_steps:
            return
        final = self._evaluation.at(self._final)
        last = self._log(trainer, pl_module, final)
        self.ending = final, last
        better = final.better_than_real(last)
        if better:
            log.warning(
                "better than real samples are: %s; that speaks of over-concentration or copies",
                ", ".join(f"{name} {last[name]:.4g} ({final.floor[name]:.4g})" for name in better),
            )
        best = last
        if self.best_step is not None and self.best_step != trainer.global_step:
            task = averaged_task(trainer) or pl_module.task
            with loaded(task, self._best_task), using(pl_module, task):
                best = self._measure(trainer, pl_module, final)
        self.best_figures = {final.label(name): value for name, value in best.items()}

    def _log(self, trainer: Trainer, module: GAN, evaluation: Evaluation) -> dict[str, float]:
        """Measure, log, and return the figures of the averaged weights, or of the only ones."""
        figures = self._measure(trainer, module, evaluation)
        named = {evaluation.label(name): value for name, value in figures.items()}
        averaged = averaged_task(trainer)
        if averaged is not None:
            with using(module, averaged):
                figures = self._measure(trainer, module, evaluation)
            named |= {f"{evaluation.label(name)}_ema": value for name, value in figures.items()}
        for logger in trainer.loggers:
            logger.log_metrics(named, step=trainer.global_step)
        trainer.callback_metrics.update({k: torch.tensor(v) for k, v in named.items()})
        return figures

    def _measure(self, trainer: Trainer, module: GAN, evaluation: Evaluation) -> dict[str, float]:
        def sample(count: int) -> Batch:
            made = module.sample(count)
            return made["x"], made.get("label")

        batches = seeded_batches(
            sample,
            evaluation.num_samples,
            self.seed,
            # Every process must have a batch of its own.
            batch_size=min(500, max(1, evaluation.num_samples // trainer.world_size)),
            rank=trainer.global_rank,
            world_size=trainer.world_size,
        )
        return evaluation(measuring(trainer, batches, evaluation.num_samples), module.task)

    def state_dict(self) -> dict[str, Any]:
        """Return what was best so far, for a run that goes on later."""
        return {
            "best_step": self.best_step,
            "best_value": self.best_value,
            "best_task": self._best_task,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what was best."""
        self.best_step = state_dict["best_step"]
        self.best_value = state_dict["best_value"]
        self._best_task = state_dict["best_task"]


def build_evaluation(
    network: FeatureNetwork,
    metrics: Mapping[str, Callable[[Reference], SampleMetric]],
    data: DataModule,
    num_samples: int,
) -> Evaluation:
    """Return an evaluation against a data set's test split.

    The real samples' activations are kept in ``statistics`` in the data's folder, if it has one.

    Raises:
        LabError: If the metrics, the network and the data do not go together.
    """
    name = type(data).__name__.removesuffix("DataModule").lower()
    root = getattr(data, "root", None)
    cache = None if root is None else Path(root).expanduser() / "statistics"
    real, train = (
        replace(
            cached_activations(network, split.images, f"{name}-{which}", cache),
            labels=split.labels,
            samples=split.images,
        )
        for which, split in [("test", data.test), ("train", data.train)]
    )
    try:
        few = getattr(data, "training_size", None) is not None
        return Evaluation(network, metrics, real, train, num_samples, few=few)
    except ValueError as error:
        raise LabError(f"metrics: {error}") from error
