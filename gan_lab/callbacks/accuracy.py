"""How many samples of the test split a game recognises, or sorts as their classes are."""

from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gan_lab.contracts import Encodes
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.game.module import evaluating
from gan_lab.metrics import clustering_figures


class TestAccuracy(Callback):
    """Measures, on the test split alone, how often the game's classifier is right.

    That is the encoder where the task sorts samples into classes, and else the discriminator's head
    ``label``. Logs ``test_accuracy`` and ``test_errors``, a share; with ``_averaged`` behind, those
    of the classifier's averaged weights.

    References:
        Improved Techniques for Training GANs (Salimans et al. 2016), section 5, arXiv 1606.03498,
        and the authors' code, openai/improved-gan, which averages weights with decay 0.9999.

    Args:
        every_n_steps: Steps between measurements, positive; the last step is always measured.
        decay: Of the average, in [0, 1); None keeps none.
        batch_size: Samples judged at once.

    Raises:
        ValueError: If a number is out of range.
    """

    __test__ = False  # pytest takes it for a test by its name

    def __init__(
        self, every_n_steps: int = 1000, decay: float | None = None, batch_size: int = 1000
    ) -> None:
        for name, value in (("every_n_steps", every_n_steps), ("batch_size", batch_size)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if decay is not None and not 0 <= decay < 1:
            raise ValueError(f"decay must lie in [0, 1), got {decay}")
        self.every_n_steps, self.decay, self.batch_size = every_n_steps, decay, batch_size
        self._averaged: AveragedModel | None = None
        self._restored: dict[str, Any] | None = None

    def on_train_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Begin the average with the weights as they are, or as a checkpoint had it.

        Raises:
            LabError: If the game has no classifier.
        """
        side = classifier(pl_module)
        if self.decay is None:
            return
        average = get_ema_multi_avg_fn(self.decay)  # type: ignore[no-untyped-call]
        self._averaged = AveragedModel(side, multi_avg_fn=average, use_buffers=True)
        self._averaged.requires_grad_(False)
        self._averaged.n_averaged.fill_(1)  # the first update is to average, and not to copy
        if self._restored is not None:
            self._averaged.load_state_dict(self._restored)
            self._restored = None

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Take the step's weights in, and measure where it is due."""
        if self._averaged is not None:
            self._averaged.update_parameters(classifier(pl_module))
        step = trainer.global_step
        if step % self.every_n_steps and step != trainer.max_steps:
            return
        found = self.measured(trainer, classifier(pl_module), "")
        if self._averaged is not None:
            found |= self.measured(trainer, self._averaged.module, "_averaged")
        tell(trainer, found)

    def measured(self, trainer: Trainer, side: nn.Module, suffix: str) -> dict[str, float]:
        """Return the share of the test split that is recognised, and that is not."""
        data = trainer.datamodule  # type: ignore[attr-defined]
        verdicts, labels = verdicts_on_test(data, side, self.batch_size)
        accuracy = float((verdicts == labels).double().mean())
        return {f"test_accuracy{suffix}": accuracy, f"test_errors{suffix}": 1 - accuracy}

    def state_dict(self) -> dict[str, Any]:
        """Return the averaged weights."""
        return {"averaged": None if self._averaged is None else self._averaged.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Remember the averaged weights for when training begins."""
        self._restored = state_dict["averaged"]


class TestClusters(Callback):
    """Measures, on the test split alone, how well the encoder's clusters agree with the classes.

    Logs ``test_clusters/accuracy`` (under the best naming), ``nmi`` and ``ari``. Nothing here
    teaches or chooses by a label.

    References:
        ClusterGAN (Mukherjee et al. 2019), section 4, arXiv 1809.03627.

    Args:
        every_n_steps: Steps between measurements, positive; the last step is always measured.
        batch_size: Samples sorted at once.

    Raises:
        ValueError: If a number is out of range.
    """

    __test__ = False

    def __init__(self, every_n_steps: int = 1000, batch_size: int = 1000) -> None:
        for name, value in (("every_n_steps", every_n_steps), ("batch_size", batch_size)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.every_n_steps, self.batch_size = every_n_steps, batch_size

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Measure where it is due."""
        step = trainer.global_step
        if step % self.every_n_steps and step != trainer.max_steps:
            return
        data = trainer.datamodule  # type: ignore[attr-defined]
        verdicts, labels = verdicts_on_test(data, classifier(pl_module), self.batch_size)
        figures = clustering_figures(verdicts, labels)
        tell(trainer, {f"test_clusters/{name}": value for name, value in figures.items()})


def tell(trainer: Trainer, figures: dict[str, float]) -> None:
    """Log figures at the present step, for the run's summary too."""
    for logger in trainer.loggers:
        logger.log_metrics(figures, step=trainer.global_step)
    trainer.callback_metrics.update({name: torch.tensor(v) for name, v in figures.items()})


def verdicts_on_test(data: Any, side: nn.Module, batch_size: int) -> tuple[Tensor, Tensor]:
    """Return the likeliest class of each sample of the test split, and its own, both (N,)."""

    def likeliest(samples: Tensor) -> Tensor:
        return class_logits(side, samples).argmax(dim=1)

    labels: Tensor = data.test[1]
    return of_each(data, side, likeliest, "test", batch_size), labels.cpu()


@torch.no_grad()
def of_each(
    data: Any,
    side: nn.Module,
    found: Callable[[Tensor], Tensor],
    split: str,
    batch_size: int = 1000,
) -> Tensor:
    """Return what a side finds of each sample of a split, (N, ...), a part of them at a time."""
    images = getattr(data, split)[0]
    device = next(side.parameters()).device
    with evaluating(side):
        return torch.cat(
            [
                found(data.medium.to_float(images[index].to(device))).cpu()
                for index in torch.split(torch.arange(len(images)), batch_size)
            ]
        )


def classifier(game: GAN) -> nn.Module:
    """Return the side that knows classes.

    Raises:
        LabError: If there is none.
    """
    if isinstance(game.task, Encodes) and hasattr(game.task.prior, "clusters"):
        return game.task
    if "label" in game.discriminator.gives:
        return game.discriminator
    raise LabError(
        "this game has no classifier whose accuracy could be measured; "
        "use callbacks.test_accuracy=null, or experiment=sgan"
    )


def class_logits(side: nn.Module, samples: Tensor) -> Tensor:
    """Return the logits (N, K) of samples' classes."""
    if isinstance(side, Encodes):
        return side.codes(samples)["class"]
    logits: Tensor = side({"x": samples}).heads["label"]
    return logits
