"""Panels and figures of translations: the same held-out samples, and the training unmoved."""

import csv
from pathlib import Path

import pytest
import torch
from PIL import Image

from gan_lab.callbacks import TranslationMetrics, TranslationPanels
from gan_lab.metrics import ClassifierFeatures
from tests.conftest import CommandLine

CYCLE = [
    *("experiment=cyclegan", "data=mnist_negative", "model.width=4", "data.batch_size=2"),
    *("trainer.max_steps=4", "callbacks.panels.every_n_steps=2", "callbacks.panels.num_samples=3"),
    *("callbacks.translations.every_n_steps=2", "callbacks.translations.num_samples=12"),
    "callbacks.translations.final_num_samples=20",
]


def weights(run: Path) -> dict[str, torch.Tensor]:
    content = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    found: dict[str, torch.Tensor] = content["state_dict"]
    return found


def test_a_run_shows_and_measures_both_directions_and_learns_the_same(train: CommandLine) -> None:
    watched = train(*CYCLE, folder="watched")
    alone = train(
        *CYCLE[:5], "callbacks.panels=null", "callbacks.translations=null", folder="alone"
    )
    one, other = weights(watched), weights(alone)
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    pictures = sorted(path.name for path in (watched / "samples").iterdir())
    assert pictures == [f"{d}_step={s:06d}.png" for d in ("a_to_b", "b_to_a") for s in (2, 4)]
    with Image.open(watched / "samples" / pictures[0]) as page:
        assert page.width >= 3 * (3 * 30 + 2) and page.height > 3 * (3 * 30 + 2)
    with (watched / "metrics.csv").open() as file:
        rows = {int(row["step"]): row for row in csv.DictReader(file)}
    for direction in ("a_to_b", "b_to_a"):
        assert float(rows[2][f"psnr/{direction}_12"]) > 0
        assert 0 <= float(rows[4][f"cycle_error/{direction}_20"]) <= 1
        assert float(rows[4][f"fid/{direction}_mnist_classifier_20"]) > 0
        assert 0 <= float(rows[4][f"class_accuracy/{direction}_mnist_classifier_20"]) <= 1


def test_a_task_that_translates_nothing_is_refused(
    train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        train("model=mlp", "callbacks=translation", "data.batch_size=8", "trainer.max_steps=1")
    assert "Generation makes samples of nothing that is given" in capsys.readouterr().err


def test_numbers_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every_n_steps must be at least 1, got 0"):
        TranslationPanels(tmp_path, every_n_steps=0)
    with pytest.raises(ValueError, match="final_num_samples must be at least 1, got 0"):
        TranslationMetrics(ClassifierFeatures(), final_num_samples=0)
