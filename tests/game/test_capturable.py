"""A step never waits for a number: no value of a tensor is read, no shape depends on one.

That is what lets a GPU run ahead of Python, and what a CUDA graph asks of what it records. A
processor can check it: whatever reads a value passes through torch's dispatcher.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from gan_lab.game import GAN
from gan_lab.train import build_module
from tests.cli.test_configs import composed
from tests.game.playing import play_images
from tests.game.test_digests import CASES

aten = torch.ops.aten
READS = {
    aten._local_scalar_dense.default,  # .item(), float(), bool(), if tensor
    aten.equal.default,
    aten.is_nonzero.default,
}
"""Operations that hand a tensor's value to Python."""
UNKNOWN_SHAPES = {
    aten.nonzero.default,
    aten.masked_select.default,
    aten._unique2.default,
    aten.unique_dim.default,
    aten.unique_consecutive.default,
    aten.repeat_interleave.Tensor,
}
"""Operations whose result is as large as values say."""


class NothingIsRead(TorchDispatchMode):
    """Raises at whatever would make a GPU's program wait."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        masked = func in (aten.index.Tensor, aten.index_put_.default) and any(
            index is not None and index.dtype in (torch.bool, torch.uint8) for index in args[1]
        )
        if func in READS or func in UNKNOWN_SHAPES or masked:
            raise AssertionError(f"{func} reads a value of a tensor within a step")
        return func(*args, **(kwargs or {}))


class Watched(Callback):
    """Watches every step but the first, which checks shapes and draws lazily made state."""

    steps = 0

    def on_fit_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        step: Callable[..., Any] = pl_module.training_step

        def watched(batch: Any) -> Any:  # Lightning leaves out what is not named batch_idx
            self.steps += 1
            if self.steps == 1:
                return step(batch, 0)
            with NothingIsRead():
                return step(batch, 0)

        pl_module.training_step = watched  # type: ignore[method-assign]


IMAGES = {name: case for name, case in CASES.items() if name not in ("pacgan", "fresh_noise")}


def one_hot_as_on_a_gpu(labels: Tensor, num_classes: int) -> Tensor:
    """Return what torch's own does, which looks at the labels' range on processors only."""
    return (labels[..., None] == torch.arange(num_classes, device=labels.device)).long()


@pytest.mark.parametrize("name", IMAGES)
def test_no_step_reads_a_value(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("models.labels", "models.inputs"):
        monkeypatch.setattr(f"gan_lab.{room}.one_hot", one_hot_as_on_a_gpu)
    watched = Watched()
    play_images(build_module(composed(*IMAGES[name])), 3, watched)
    assert watched.steps == 3


def test_reading_a_value_is_noticed() -> None:
    values = torch.ones(3)
    with NothingIsRead():
        values.add_(1)
        with pytest.raises(AssertionError, match="reads a value"):
            float(values.sum())
        with pytest.raises(AssertionError, match="reads a value"):
            values[values > 0]
        with pytest.raises(AssertionError, match="reads a value"):
            values.nonzero()
