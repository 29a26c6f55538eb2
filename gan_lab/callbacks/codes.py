"""What an encoder's codes are worth: neighbours, likeness to the prior, reconstructions."""

from functools import partial
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor

from gan_lab.callbacks.accuracy import of_each, tell
from gan_lab.contracts import Encodes
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.metrics.fid import fitted, frechet_distance
from gan_lab.metrics.neighbours import nearest


class TestCodes(Callback):
    """Measures the codes of an encoder when training ends.

    Logs, with ``test_codes/`` before each name:

    - ``accuracy``: the share of test samples whose nearest neighbour among the training split's
      codes is of their class; ``accuracy_untrained`` is that of the same encoder before its first
      step, and ``accuracy_pixels`` that of the samples themselves.
    - ``fid_to_prior``: the Fréchet distance between the test split's codes and as many draws of the
      prior; ``fid_of_prior`` is that between two sets of draws, the least that can be expected.
    - ``reconstruction``: the mean squared error of a number in [-1, 1] of a test sample that is
      drawn again from its code.

    Nothing here teaches or chooses by a label.

    References:
        Adversarial Feature Learning (Donahue et al. 2017), section 4.2, arXiv 1605.09782.
        Adversarial Autoencoders (Makhzani et al. 2016), section 2, arXiv 1511.05644.
    """

    __test__ = False  # pytest takes it for a test by its name

    def __init__(self) -> None:
        self._untrained: float | None = None

    def on_train_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Measure the encoder before its first step, unless a checkpoint remembers the figure.

        Raises:
            LabError: If the game has no encoder.
        """
        if not isinstance(pl_module.task, Encodes):
            raise LabError(
                "this game has no encoder whose codes could be measured; "
                "use callbacks.test_codes=null, or experiment=bigan"
            )
        if self._untrained is None:
            data = trainer.datamodule  # type: ignore[attr-defined]
            codes = partial(of_each, data, pl_module.task, partial(code, pl_module.task))
            self._untrained = neighbours_accuracy(data, codes("train"), codes("test"))

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Measure after the last step."""
        if trainer.global_step != trainer.max_steps:
            return
        assert self._untrained is not None, "measured when training began"
        task: Any = pl_module.task
        data = trainer.datamodule  # type: ignore[attr-defined]
        codes = partial(of_each, data, task, partial(code, task))
        pixels = partial(of_each, data, task, partial(torch.flatten, start_dim=1))
        asked = codes("test")
        errors = of_each(data, task, partial(error, task), "test")
        random = torch.Generator().manual_seed(0)
        drawn, again = (task.latents(len(asked), random)["z"] for _ in range(2))
        found = {
            "accuracy": neighbours_accuracy(data, codes("train"), asked),
            "accuracy_untrained": self._untrained,
            "accuracy_pixels": neighbours_accuracy(data, pixels("train"), pixels("test")),
            "fid_to_prior": frechet_distance(*fitted(asked), *fitted(drawn)).item(),
            "fid_of_prior": frechet_distance(*fitted(again), *fitted(drawn)).item(),
            "reconstruction": errors.double().mean().item(),
        }
        tell(trainer, {f"test_codes/{name}": value for name, value in found.items()})

    def state_dict(self) -> dict[str, Any]:
        """Return what the encoder was worth before its first step."""
        return {"untrained": self._untrained}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Remember what the encoder was worth before its first step."""
        self._untrained = state_dict["untrained"]


def code(task: Any, samples: Tensor) -> Tensor:
    """Return the codes (N, dim) of samples."""
    codes: Tensor = task.codes(samples)["z"].float()
    return codes


def error(task: Any, samples: Tensor) -> Tensor:
    """Return each sample's mean squared error (N,) when it is drawn again from its code."""
    errors: Tensor = (task.reconstruct(samples) - samples).square().flatten(1).mean(1).float()
    return errors


def neighbours_accuracy(data: Any, known: Tensor, asked: Tensor) -> float:
    """Return how often a test sample's nearest neighbour in the training split is of its class.

    Args:
        data: The run's data, which know the classes.
        known: What stands for each sample of the training split, (N, d).
        asked: What stands for each of the test split, (M, d).
    """
    found = data.train.labels[nearest(asked, known)[1][:, 0]]
    return float((found == data.test.labels).double().mean())
