"""What is compared does the same work, and the comparison runs from end to end."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import torch

from benchmarks import replicas
from benchmarks.run import print_report
from benchmarks.setting import Loss, Model, Setting
from benchmarks.tuned import Alternation
from gan_lab.data import BatchLoader
from gan_lab.engine.trainer import build_trainer
from gan_lab.media import Image
from gan_lab.train import build_module
from tests.cli.test_configs import composed
from tests.game.playing import weights

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("loss", get_args(Loss))
@pytest.mark.parametrize("model", ["mlp", "mlp_wide", "dcgan"])
def test_the_tuned_loop_and_gan_lab_end_at_the_same_weights(
    model: Model, loss: Loss, precision: str
) -> None:
    setting = Setting(model, loss, batch=4, width=4, precision=precision)  # type: ignore[arg-type]
    config = composed(*setting.overrides)
    torch.manual_seed(0)
    module = build_module(config)
    networks = module.task.generator, module.discriminator
    pair = copy.deepcopy(networks)
    size = setting.batch * setting.n_critic
    images = torch.randint(0, 256, (3 * size, 1, 28, 28), dtype=torch.uint8)
    medium = Image((1, 28, 28))

    torch.manual_seed(1)
    trainer = build_trainer(3, accelerator="cpu", precision=precision)  # type: ignore[arg-type]
    labels = torch.zeros(len(images))
    trainer.fit(module, BatchLoader(images, labels, setting.batch, setting.n_critic, medium))

    torch.manual_seed(1)
    alternation = Alternation(setting, *pair)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    for index in order.split(size):
        alternation(medium.to_float(images[index]))
    for ours, theirs in zip(networks, pair, strict=True):
        assert torch.equal(weights(ours), weights(theirs))


def test_replicas_trained_at_once_end_where_each_would_alone() -> None:
    assert replicas.largest_difference("small", count=3, batch=8, steps=5) < 1e-5


@pytest.mark.slow
def test_the_comparison_runs(
    mnist_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--models", "mlp", "--losses", "non_saturating", "--batches", "8", "--data-sizes"]
    arguments += [
        "--precisions",
        "32-true",
        "--repeats",
        "2",
        "--seconds",
        "0.05",
        "--no-plot",
        "--no-copied",
    ]
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", *arguments, "--folder", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "GAN_LAB_DATA": str(mnist_root), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=150,
        check=True,
    )
    result = json.loads((tmp_path / "speed.json").read_text())
    (cell,) = result["cells"]
    for name in ("plain", "tuned", "gan_lab"):
        found = cell["contenders"][name]
        assert found["steps_per_second"]["min"] > 0
        assert found["startup_seconds"] > 0
        assert found["resident_mib"] > 50
    assert cell["ratios"]["gan_lab/plain"]["median"] > 0
    print_report(result)
    assert capsys.readouterr().out in answer.stdout
