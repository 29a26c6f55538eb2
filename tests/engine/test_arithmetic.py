"""What the processor multiplies with: a choice of speed that must not cost precision."""

import logging
from collections.abc import Iterator

import pytest
import torch

from gan_lab.engine import arithmetic, trainer
from gan_lab.engine.arithmetic import SINGLE, fast_precision, multiply_fast, product_error
from gan_lab.engine.trainer import build_trainer
from tests.engine.test_overhead import fit_game


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)


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


def test_products_stay_those_of_single_precision() -> None:
    torch.set_float32_matmul_precision("highest")
    assert product_error() < SINGLE
    multiply_fast()
    assert product_error() < SINGLE


def test_a_processor_that_would_round_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "product_error", lambda: 1e-3)
    torch.set_float32_matmul_precision("high")
    assert not multiply_fast()
    assert torch.get_float32_matmul_precision() == "high"


def test_rounding_factors_to_bfloat16_would_be_seen() -> None:
    left, right = torch.rand(64, 256), torch.rand(256, 128)
    rounded = left.bfloat16().double() @ right.bfloat16().double()
    exact = left.double() @ right.double()
    assert (rounded - exact).abs().max() / exact.abs().max() > 100 * SINGLE


def test_fifty_steps_end_at_the_same_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = fit_game(build_trainer(50, accelerator="cpu"))
    torch.set_float32_matmul_precision("highest")
    monkeypatch.setattr(trainer, "multiply_fast", lambda: False)
    plain = fit_game(build_trainer(50, accelerator="cpu"))
    torch.testing.assert_close(fast, plain, rtol=1e-4, atol=1e-5)


def test_the_decision_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pretend(monkeypatch, avx512_bf16=True)
    with caplog.at_level(logging.INFO, logger="gan_lab"):
        trainer = build_trainer(1, accelerator="cpu", precision="auto")
    assert trainer.precision == "bf16-mixed"
    assert "precision bf16-mixed: this processor" in caplog.text
