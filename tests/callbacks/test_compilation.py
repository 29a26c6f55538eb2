"""Compiled networks learn what uncompiled ones learn."""

import logging
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_lab.callbacks import Compilation
from gan_lab.engine.trainer import build_trainer
from gan_lab.losses import Wasserstein
from gan_lab.terms import GradientPenalty
from tests.engine.test_overhead import fit_game


def trained(mode: str | None, accelerator: str, steps: int = 50) -> Tensor:
    trainer = build_trainer(steps, accelerator=accelerator, callbacks=[Compilation(mode)])
    options: dict[str, Any] = {"terms": [GradientPenalty()], "n_critic": 2}
    return fit_game(trainer, Wasserstein(), **options)


@pytest.mark.slow  # the compiler takes half a minute
@pytest.mark.filterwarnings("ignore")  # torch's compiler warns about itself
def test_compiled_networks_end_at_the_same_weights() -> None:
    eager, compiled = trained(None, "cpu"), trained("default", "cpu")
    # Adam magnifies rounding where gradients are small; no weight can move further than 2e-2.
    assert (eager - compiled).abs().max() < 2e-4


@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["default", "reduce-overhead"])
def test_graphs_end_at_the_same_weights(mode: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    eager, compiled = trained(None, "gpu"), trained(mode, "gpu")
    assert (eager - compiled).abs().max() < 2e-4


def test_a_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="compile must be null or one of default, reduce"):
        Compilation("fast")


@pytest.mark.filterwarnings("ignore")
def test_graphs_without_a_gpu_are_said_to_be_missing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[Any] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **how: compiled.append(how))
    with caplog.at_level(logging.WARNING, logger="gan_lab"):
        trained("reduce-overhead", "cpu", steps=1)
    assert "only a CUDA device captures graphs" in caplog.text
    assert compiled == [{"mode": "reduce-overhead"}] * 2
