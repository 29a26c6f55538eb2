"""Measuring during training: undisturbed training, names, best and last."""

import csv
import json
import math
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gan_lab.callbacks import MetricEvaluation
from gan_lab.callbacks.neighbours import neighbour_panel
from gan_lab.media import Points
from gan_lab.metrics import FrechetDistance, RawFeatures
from gan_lab.run.checkpoint import EMA_KEY
from tests.conftest import CommandLine

SMALL = (
    "model=mlp",
    "data.batch_size=8",
    "trainer.log_every_n_steps=2",
    "callbacks.evaluation.every_n_steps=2",
    "callbacks.evaluation.num_samples=100",
    "callbacks.evaluation.final_num_samples=150",
    "callbacks.ema.decay=0.9",
)
BATCH_NORM = ("model=dcgan", "model.width=4")


def checkpoint(folder: Path, name: str = "last.ckpt") -> dict:
    return torch.load(folder / "checkpoints" / name, weights_only=True)


def test_measuring_disturbs_nothing(train: CommandLine) -> None:
    options = (*SMALL, *BATCH_NORM, "trainer.max_steps=4")
    measured = train(*options, folder="measured")
    unmeasured = [option for option in options if "evaluation" not in option]
    plain = train(*unmeasured, folder="plain")
    ours, theirs = checkpoint(measured), checkpoint(plain)
    for key in ("state_dict", EMA_KEY):  # running statistics and all later noise included
        for name, tensor in theirs[key].items():
            assert torch.equal(ours[key][name], tensor), name


def test_a_run_that_ends_before_its_first_evaluation_is_measured_in_proportion(
    train: CommandLine, capfd: pytest.CaptureFixture[str]
) -> None:
    proportional = [option for option in SMALL if "final_num_samples" not in option]
    proportional.append("data.validation_size=59800")  # leaves 200
    short = (*proportional, "callbacks.evaluation.every_n_steps=3", "trainer.max_steps=2")
    summary = json.loads((train(*short) / "summary.json").read_text())
    assert {n for n in summary["final"] if n.startswith("fid/") and not n.endswith("_ema")} == {
        "fid/mnist_classifier_100"
    }
    with pytest.raises(SystemExit):  # 10,000 in any other: more than this set holds
        train(*proportional, "trainer.max_steps=2", folder="long")
    assert "final_num_samples=10000 must be below" in capfd.readouterr().err


def test_a_run_reports_best_and_last(train: CommandLine) -> None:
    folder = train(*SMALL, "trainer.max_steps=6", "callbacks.nearest_neighbours.num_samples=8")
    summary = json.loads((folder / "summary.json").read_text())
    for figure in ("fid", "precision", "recall", "density", "coverage"):
        for suffix in ("", "_ema"):
            assert f"{figure}/mnist_classifier_100{suffix}" in summary["final"]
            assert f"{figure}/mnist_classifier_150{suffix}" in summary["final"]
        assert math.isfinite(summary["best"][f"{figure}/mnist_classifier_150"])
    with (folder / "metrics.csv").open() as file:
        rows = {int(row["step"]): row for row in csv.DictReader(file)}
    name = "fid/mnist_classifier_100_ema"
    by_step = {step: float(row[name]) for step, row in rows.items()}
    assert summary["best_step"] == min(by_step, key=by_step.__getitem__)
    assert checkpoint(folder, "best.ckpt")["global_step"] == summary["best_step"]
    events = EventAccumulator(str(folder))
    events.Reload()
    # TensorBoard sorts capitals first.
    shown = name.replace("fid", "FID")
    assert [event.step for event in events.Scalars(shown)] == [2, 4, 6]
    assert [event.step for event in events.Scalars("FID/mnist_classifier_150")] == [6]
    assert "nearest_neighbours" in events.Tags()["images"]
    assert (folder / "samples" / "nearest_neighbours.png").exists()


def test_resume_remembers_what_was_best(train: CommandLine) -> None:
    line = (*SMALL, "callbacks.ema.every_n_steps=1")
    folder = train(*line, "trainer.max_steps=2")
    first = json.loads((folder / "summary.json").read_text())
    # Nothing is measured on the way any more, so the best weights must be those of before.
    rarely = [o.replace("every_n_steps=2", "every_n_steps=100") for o in line]
    train(f"resume={folder}", "trainer.max_steps=4", "optimizer.lr=0.05", "allow_changes=true",
          *rarely)  # fmt: skip
    second = json.loads((folder / "summary.json").read_text())
    assert (second["steps"], first["best_step"], second["best_step"]) == (4, 2, 2)
    assert second["best"] == pytest.approx(first["best"])
    name = "fid/mnist_classifier_150"
    assert second["final"][f"{name}_ema"] != pytest.approx(second["best"][name], rel=1e-6)


def test_numbers_and_names_out_of_range_are_refused(
    train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="every_n_steps must be at least 1, got 0"):
        MetricEvaluation(RawFeatures(Points([2])), {"fid": FrechetDistance}, every_n_steps=0)
    with pytest.raises(SystemExit):
        train(*SMALL, "trainer.max_steps=2", "callbacks.evaluation.monitor=kid")
    assert "monitor must be one of fid, precision" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        train(*SMALL, "trainer.max_steps=2", "callbacks.evaluation.metrics=[fid]")
    assert "callbacks.evaluation.metrics must be a mapping" in capsys.readouterr().err
    with pytest.raises(ValueError, match="choose metrics=quick, default or all"):
        MetricEvaluation(RawFeatures(Points([2])), ["fid"])  # type: ignore[arg-type]


def test_what_does_not_fit_the_features_is_left_out_and_named(
    train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = train(
        *SMALL,
        "trainer.max_steps=1",
        "data.validation_size=59000",
        "metrics=all",
        "metrics/features=raw",
    )
    final = json.loads((folder / "summary.json").read_text())["final"]
    assert "kid/pixels_150" in final
    assert not any("inception_score" in name or "class" in name for name in final)
    told = capsys.readouterr().out
    assert "as pixels features come from no classifier: inception_score, class_histogram" in told
    assert "as the samples are not made for classes: intra_class_fid" in told


def test_classes_are_measured_where_samples_are_made_for_them(train: CommandLine) -> None:
    quick = "metrics.figures.synthetic_accuracy.steps=5"
    line = (*SMALL, "trainer.max_steps=2", "metrics=all", quick, "callbacks.ema.decay=null")
    conditional = train(*line, "conditioning=concatenation", folder="conditional")
    final = json.loads((conditional / "summary.json").read_text())["final"]
    assert 0 <= final["class_accuracy/mnist_classifier_150"] <= 1
    assert final["intra_class_fid_7/mnist_classifier_150"] > 0
    final = json.loads((train(*line, folder="plain") / "summary.json").read_text())["final"]
    assert not any("class_accuracy" in name or "intra_class" in name for name in final)


def test_the_panel_shows_each_sample_beside_its_neighbours() -> None:
    train = torch.randint(256, (30, 1, 4, 4), dtype=torch.uint8)
    panel = neighbour_panel(train[7:9], train, neighbours=2)
    sample, nearest = panel[:, 2:6, 2:6], panel[:, 2:6, 8:12]
    assert torch.equal(sample[0], train[7, 0])
    assert torch.equal(nearest[0], train[7, 0])
