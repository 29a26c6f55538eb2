"""A command writes nothing into a folder before it is its own."""

import json
import sys
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir

from gan_lab.cli.app import config_dir
from gan_lab.run.folder import RunFolder, claimed
from tests.cli.test_resume import TINY, stopped
from tests.conftest import CommandLine

NETWORKS = ("model=mlp", "model.generator.hidden=[8]", "model.discriminator.hidden=[8]")
LINE = (*TINY, *NETWORKS, "trainer.max_steps=2")


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def settings(folder: Path, name: str) -> object:
    return yaml.safe_load((folder / ".hydra" / f"{name}.yaml").read_text())


def test_a_refused_command_changes_nothing_in_a_finished_run(
    train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = train(*LINE)
    before = contents(folder)
    assert "holds a run already" in stopped(train, capsys, *LINE, "loss=wgan")
    assert "other hyperparameters" in stopped(
        train, capsys, f"resume={folder}", "loss=wgan", "trainer.max_steps=4"
    )
    assert "at step 2 already" in stopped(train, capsys, f"resume={folder}")
    assert contents(folder) == before
    assert RunFolder.read(folder).choices["loss"] == "non_saturating"


def test_a_run_refused_at_its_start_tells_of_the_last_one(
    train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = train(*LINE)
    kept = [*(folder / ".hydra").iterdir(), folder / "summary.json", folder / "metrics.csv"]
    before = [path.read_bytes() for path in kept]
    line = (f"resume={folder}", "trainer.max_steps=4")
    assert "objective=fod" in stopped(train, capsys, *line, "objective=fod")
    assert [path.read_bytes() for path in kept] == before


def test_a_refused_command_writes_nothing_where_another_trains(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with claimed(tmp_path / "run"):
        assert "another process" in stopped(train, capsys, *LINE, "loss=wgan")
        assert list(contents(tmp_path / "run")) == [".lock"]


@pytest.mark.parametrize("name", [".hydra", ".lock", "checkpoints", "tensorboard", "samples"])
def test_a_new_run_writes_through_no_link(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).symlink_to(mine / "absent" if name == ".lock" else mine)
    assert f"{name} is a symbolic link" in stopped(train, capsys, *LINE)
    assert not list(mine.iterdir()) and len(list((tmp_path / "run").iterdir())) == 1


def test_a_run_folder_without_checkpoints_is_a_run_all_the_same(
    train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (*LINE, "callbacks.checkpoints=null")
    folder = train(*line)
    before = contents(folder)
    assert "holds a run already" in stopped(train, capsys, *line, "loss=wgan")
    assert contents(folder) == before


def test_a_run_that_goes_on_says_what_it_was_asked(train: CommandLine) -> None:
    folder = train(*LINE, "loss=hinge")
    assert settings(folder, "hydra")["hydra"]["job"]["config_name"] == "train"
    assert {"loss=hinge", "trainer.max_steps=2"} <= set(settings(folder, "overrides"))
    train(f"resume={folder}", "trainer.max_steps=4")
    run = RunFolder.read(folder)
    assert run.choices["loss"] == "hinge"
    assert {"loss=hinge", "trainer.max_steps=4"} <= set(run.overrides)
    assert settings(folder, "config")["trainer"]["max_steps"] == 4
    assert not list((folder / ".hydra").glob(".*"))


def test_a_run_that_cannot_begin_says_what_it_was_asked(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped(train, capsys, *LINE, "n_critic=0")
    folder = tmp_path / "run"
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["status"], summary["steps"]) == ("failed", 0)
    assert "n_critic" in summary["error"]
    assert "n_critic=0" in settings(folder, "overrides")
    train(*LINE)  # nothing was trained there, so that it may be tried again
    assert RunFolder.read(folder).status == "finished"
    assert "n_critic=0" not in settings(folder, "overrides")


def test_other_commands_leave_a_run_folder_alone(
    train: CommandLine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gan_lab.sample import main

    folder = train(*LINE)
    before = contents(folder)
    monkeypatch.setattr(sys, "argv", ["sample", f"checkpoint={folder}", f"hydra.run.dir={folder}"])
    with pytest.raises(SystemExit):
        main()
    assert "is a training run's own folder" in capsys.readouterr().err
    assert contents(folder) == before
    inside = folder / "more"
    arguments = ["sample", f"checkpoint={folder}", f"hydra.run.dir={inside}", "num_samples=4"]
    monkeypatch.setattr(sys, "argv", arguments)
    main()
    assert (inside / "grid.png").exists()
    assert settings(inside, "hydra")["hydra"]["job"]["config_name"] == "sample"


FOLDERS = {
    "evaluate": "evaluations",
    "export": "exports",
    "report": "reports",
    "sample": "samples",
    "theory": "theory",
}


@pytest.mark.parametrize("command", FOLDERS)
def test_each_command_writes_where_its_file_says(command: str) -> None:
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        config = compose(command, return_hydra_config=True)
    assert config.hydra.run.dir.startswith(f"outputs/{FOLDERS[command]}/")


def test_a_choice_of_data_reaches_evaluate() -> None:
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        assert compose("evaluate").data is None
        chosen = compose("evaluate", ["data=cifar10", "num_samples=5", "metrics=quick"])
    assert chosen.data._target_ == "gan_lab.data.CIFAR10DataModule"
    assert chosen.num_samples == 5
    assert set(chosen.metrics.figures) == {"fid", "kid", "inception_score"}


@pytest.mark.parametrize(
    "argument", ["hydra.run.dir=", "hydra.run.dir=''", "hydra.run.dir=null", "run_dir="]
)
def test_no_folder_is_no_folder(
    train: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    argument: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    message = stopped(train, capsys, *LINE, argument)
    assert "must name a folder, got nothing" in message
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("name", ["a=1,b it's", '"quoted" π %(s)s end\\'])
def test_a_folder_may_have_any_name(train: CommandLine, tmp_path: Path, name: str) -> None:
    folder = train(*LINE, folder=name)
    train(f"resume={folder}", "trainer.max_steps=3", folder=name)
    assert RunFolder.read(folder).steps == 3
    assert {path.name for path in tmp_path.iterdir()} == {name}


def test_a_name_that_hydra_cannot_write_is_refused(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = stopped(train, capsys, *LINE, f"hydra.run.dir={tmp_path}/x${{y")
    assert "hydra.run.dir: Hydra writes into no folder with ${ in its name" in message
    assert not list(tmp_path.iterdir())


def test_data_may_lie_anywhere(train: CommandLine, mnist_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "it's ${here}, a=1\\"
    root.symlink_to(mnist_root)
    folder = train(*LINE, f"data.root={root}")
    assert RunFolder.read(folder).status == "finished"
