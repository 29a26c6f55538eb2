"""The precision that the trainer decides on."""

import logging

import pytest
import torch

from gan_lab.arithmetic import fast_precision
from gan_lab.trainer import build_trainer


def pretend(monkeypatch: pytest.MonkeyPatch, gpu: bool = False, **processor: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: processor)


def test_bfloat16_only_where_the_processor_multiplies_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, avx512_f=True)
    assert fast_precision("cpu")[0] == "32-true"
    pretend(monkeypatch, avx512_f=True, avx512_bf16=True)
    assert fast_precision("cpu")[0] == "bf16-mixed"
    pretend(monkeypatch, amx_bf16=True)
    assert fast_precision("auto")[0] == "bf16-mixed"
    pretend(monkeypatch, gpu=True, amx_bf16=True)
    assert fast_precision("auto")[0] == "32-true"
    assert fast_precision("cpu")[0] == "bf16-mixed"


def test_the_decision_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pretend(monkeypatch, avx512_bf16=True)
    with caplog.at_level(logging.INFO, logger="gan_lab"):
        trainer = build_trainer(1, accelerator="cpu", precision="auto")
    assert trainer.precision == "bf16-mixed"
    assert "precision bf16-mixed: this processor" in caplog.text
