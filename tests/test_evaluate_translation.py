"""A translating run is measured on held-out samples beside what needs no learning."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.conftest import CommandLine


def evaluate(monkeypatch: pytest.MonkeyPatch, run: Path, folder: Path, *options: str) -> Any:
    from gan_lab.evaluate import main

    arguments = [f"checkpoint={run}", f"hydra.run.dir={folder}", "num_samples=12", *options]
    monkeypatch.setattr(sys, "argv", ["evaluate", *arguments])
    main()
    return json.loads((folder / "evaluation.json").read_text())


def test_super_resolution_is_measured_beside_interpolation(
    train: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = train(
        *("experiment=srgan", "data.batch_size=2", "trainer.max_steps=2", "phases.pixels.steps=1"),
        *("callbacks.panels=null", "callbacks.translations=null", "model.generator.blocks=1"),
        *("model.generator.width=4", "callbacks.ema.decay=0.9"),
    )
    content = evaluate(monkeypatch, run, tmp_path / "one", "repeats=2")
    rows = content["figures"]
    assert set(rows) == {"raw", "ema", "bicubic", "nearest", "real"}
    psnr = {name: row["psnr/restore_12"]["mean"] for name, row in rows.items() if name != "real"}
    assert psnr["bicubic"] > psnr["nearest"]
    assert psnr["bicubic"] > psnr["raw"]  # which has learnt nothing yet
    for name in ("fid", "feature_distance", "class_accuracy"):
        assert f"{name}/restore_mnist_classifier_12" in rows["bicubic"]
    assert rows["real"]["class_accuracy/restore_mnist_classifier_12"]["mean"] > 0.9
    assert rows["bicubic"]["psnr/restore_12"]["sd"] == 0  # nothing is drawn here
    table = capsys.readouterr().out
    assert "12 held-out samples, mnist_classifier features" in table and "bicubic" in table


def test_both_directions_are_measured_by_hidden_pairs(
    train: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = train(
        *("experiment=cyclegan", "data=mnist_negative", "model.width=4", "data.batch_size=2"),
        *("callbacks.panels=null", "callbacks.translations=null", "trainer.max_steps=1"),
    )
    for direction in ("a_to_b", "b_to_a"):
        options = () if direction == "a_to_b" else ("direction=b_to_a",)
        rows = evaluate(monkeypatch, run, tmp_path / direction, *options)["figures"]
        assert set(rows) == {"raw", "copy", "real"}
        assert rows["copy"][f"pixel_agreement/{direction}_12"]["mean"] < 0.01
        assert f"cycle_error/{direction}_12" in rows["raw"]
        assert rows["real"][f"class_accuracy/{direction}_mnist_classifier_12"]["mean"] > 0.9
    with pytest.raises(SystemExit):
        evaluate(monkeypatch, run, tmp_path / "up", "direction=up")
    assert "direction must be one of a_to_b, b_to_a" in capsys.readouterr().err
    assert torch.is_inference_mode_enabled() is False
