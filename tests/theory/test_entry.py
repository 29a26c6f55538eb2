"""The command line: every study's YAML, a user's own loss, and bad input."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf

from gan_lab.cli.app import config_dir, describe
from gan_lab.cli.instantiate import build
from gan_lab.errors import LabError
from gan_lab.theory.__main__ import components, given
from gan_lab.theory.study import Study

STUDIES = sorted(path.stem for path in (config_dir() / "study").glob("*.yaml"))
OWN = """
from gan_lab.losses import NonSaturating


class Scaled(NonSaturating):
    divergence_name = "my own"

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def discriminator(self, real, fake):
        return self.factor * super().discriminator(real, fake)
"""


def composed(*overrides: str):
    return compose("theory", [*overrides, "images=0", "run_dir=unused"])


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_is_built_from_its_file(name):
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        config = composed(f"study={name}")
        assert isinstance(build(config, "study", **given(config)), Study)


def test_a_users_loss_in_a_folder_of_their_own_takes_part(tmp_path):
    (tmp_path / "my_losses.py").write_text(OWN)
    (tmp_path / "loss").mkdir()
    node = "_target_: my_losses.Scaled\nfactor: 2.5\n"
    (tmp_path / "loss" / "scaled.yaml").write_text(node)
    result = command_line(
        tmp_path / "run",
        "study=dirac",
        'study.only=["Scaled(2.5)"]',
        "study.animated=false",
        "study.rounds=3",
        f"--config-dir={tmp_path}",
    )
    assert result.returncode == 0, result.stderr
    # The discriminator pulls 2.5 times as hard: the eigenvalues are ± i √(2.5 / 4).
    assert "0.0000+0.7906i" in result.stdout
    (tmp_path / "loss" / "wrong.yaml").write_text("_target_: nowhere.Loss\n")
    result = command_line(tmp_path / "run", "study=dirac", f"--config-dir={tmp_path}")
    assert result.returncode == 1
    assert result.stderr.strip() == "gan_lab: loss=wrong: cannot import nowhere.Loss"


def test_components_are_found_at_any_depth():
    node = {"a": {"_target_": "x", "b": {"_target_": "y"}}, "c": [1], "d": {"_target_": "z"}}
    assert [item["_target_"] for item in components(node)] == ["x", "z"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["study=divergences", "study.p.scale=-1"], "scale must be positive, got -1"),
        (["study=equilibrium", "study.target.probabilities=[0.5,0.6]"], "must sum to 1"),
        (["study=dirac", "study.only=[Minimx]"], "did you mean Minimax"),
        (["study=game", "study.step=3"], "study.step"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(arguments, words):
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        with pytest.raises((LabError, HydraException), match=words) as caught:
            start(*arguments)
        assert "\n" not in describe(caught.value)


def start(*arguments: str) -> None:
    config = composed(*arguments)
    build(config, "study", **given(config))


def command_line(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root), str(folder.parent)])
    return subprocess.run(
        [sys.executable, "-m", "gan_lab.theory", f"hydra.run.dir={folder}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env=os.environ | {"PYTHONPATH": paths},
    )


def test_one_command_answers_and_saves(tmp_path):
    folder = tmp_path / "run"
    result = command_line(folder, "study=equilibrium", "study.steps=30")
    assert "-1.38629" in result.stdout
    assert {"findings.json", "equilibrium.png", "equilibrium.svg", "tensorboard"} <= {
        path.name for path in folder.iterdir()
    }
    assert OmegaConf.load(folder / ".hydra" / "config.yaml").study.steps == 30
