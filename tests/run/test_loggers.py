"""Where curves, pictures and hyperparameters go."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import hydra
import pytest
import torch
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from gan_lab.cli.app import config_dir
from gan_lab.errors import LabError
from gan_lab.run import trackers
from gan_lab.run.loggers import ShowsPictures, TensorBoard
from gan_lab.run.trackers import MLflow, WeightsAndBiases

FIGURES = ["fid/raw_100", "precision/raw_100"]


@pytest.fixture
def events(tmp_path: Path) -> EventAccumulator:
    folder = tmp_path / "loss=wgan,seed=0"
    logger = TensorBoard(folder)
    for step in (1, 2):
        logger.log_metrics(
            {"precision/raw_100": 0.5, "fid/raw_100": 3.0 + step, "accuracy": 1.0}, step
        )
    logger.log_picture("grid", torch.zeros(3, 8, 8, dtype=torch.uint8), 2)
    logger.log_hyperparams({"loss": "wgan"})
    logger.log_outcome({"loss": "wgan", "seed": 0, "betas": [0.5, 0.9], "none": None}, FIGURES)
    logger.finalize("success")
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return accumulator


def test_a_runs_events_lie_in_its_folder_by_whose_name_it_is_shown(
    events: EventAccumulator, tmp_path: Path
) -> None:
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert file.parent.name == "loss=wgan,seed=0"
    assert events.Tags()["images"] == ["grid"]


def test_fid_comes_first_and_nothing_twice(events: EventAccumulator) -> None:
    assert sorted(events.Tags()["scalars"]) == ["FID/raw_100", "accuracy", "precision/raw_100"]
    assert [event.value for event in events.Scalars("FID/raw_100")] == [4.0, 5.0]


def test_hparams_point_at_curves_that_exist(events: EventAccumulator) -> None:
    content = {}
    for tag, data in events.summary_metadata.items():
        if data.plugin_data.plugin_name == "hparams":
            content[tag] = HParamsPluginData.FromString(data.plugin_data.content)
    metrics = content["_hparams_/experiment"].experiment.metric_infos
    assert [info.name.tag for info in metrics] == ["FID/raw_100", "precision/raw_100"]
    assert {info.name.tag for info in metrics} <= set(events.Tags()["scalars"])
    shown = content["_hparams_/session_start_info"].session_start_info.hparams
    assert shown["loss"].string_value == "wgan" and shown["seed"].number_value == 0


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("logger=default", ["tensorboard", "csv"]),
        ("logger=csv", ["csv"]),
        ("logger=tensorboard", ["tensorboard"]),
        ("logger=wandb", ["wandb"]),
        ("logger=mlflow", ["mlflow"]),
        ("logger=[tensorboard,csv]", ["tensorboard", "csv"]),
        ("logger=[default,wandb,mlflow]", ["tensorboard", "csv", "wandb", "mlflow"]),
    ],
)
def test_loggers_are_chosen_alone_or_together(line: str, names: list[str]) -> None:
    with hydra.initialize_config_dir(str(config_dir()), version_base="1.3"):
        config = hydra.compose("train", [line])
    assert list(OmegaConf.select(config, "logger")) == names


@pytest.mark.parametrize(("package", "build"), [("wandb", WeightsAndBiases), ("mlflow", MLflow)])
def test_a_missing_package_names_its_extra(
    package: str, build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise trackers.PackageNotFoundError(name)

    monkeypatch.setattr(trackers, "version", missing)
    with pytest.raises(LabError, match=rf"pip install 'gan-lab\[{package}\]'$"):
        build(tmp_path)


class Experiment:
    """What both packages' clients are asked, noted."""

    def __init__(self, *arguments: Any) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def log(self, *arguments: Any) -> None:
        self.asked.append(arguments)

    log_image = log


def test_wandb_stays_in_the_run_folder_and_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = ModuleType("wandb")
    fake.Image = lambda image, **more: image.shape  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wandb", fake)
    monkeypatch.setattr(trackers, "version", lambda name: "1")
    monkeypatch.setattr("pytorch_lightning.loggers.wandb._WANDB_AVAILABLE", True)
    logger = WeightsAndBiases(tmp_path / "loss=wgan,seed=0")
    assert isinstance(logger, ShowsPictures)
    assert logger._offline
    asked = {key: logger._wandb_init[key] for key in ("name", "dir", "project")}
    folder = str(tmp_path / "loss=wgan,seed=0")
    assert asked == {"name": "loss=wgan,seed=0", "dir": folder, "project": "gan_lab"}
    logged: list[Any] = []
    monkeypatch.setattr(logger, "log_metrics", lambda values, step: logged.append((values, step)))
    logger.log_picture("grid", torch.zeros(3, 4, 5, dtype=torch.uint8), 7)
    assert logged == [({"grid": [(4, 5, 3)]}, 7)]


def test_mlflow_stays_in_the_run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = ModuleType("mlflow.tracking")
    fake.MlflowClient = Experiment  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlflow", ModuleType("mlflow"))
    monkeypatch.setitem(sys.modules, "mlflow.tracking", fake)
    monkeypatch.setattr(trackers, "version", lambda name: "1")
    monkeypatch.setattr("pytorch_lightning.loggers.mlflow._MLFLOW_AVAILABLE", True)
    logger = MLflow(tmp_path / "a b")
    assert isinstance(logger, ShowsPictures)
    assert logger._tracking_uri == f"sqlite:///{tmp_path}/a b/mlflow.db"
    assert logger._artifact_location == f"file://{tmp_path}/a%20b/mlruns"
    assert MLflow(tmp_path, tracking_uri="http://host")._tracking_uri == "http://host"
    logger._initialized, logger._run_id = True, "run"
    logger.log_picture("samples/real", torch.zeros(3, 4, 5, dtype=torch.uint8), 7)
    ((run, image, file),) = logger.experiment.asked
    assert (run, image.shape, file) == ("run", (4, 5, 3), "samples/real/step=000007.png")
