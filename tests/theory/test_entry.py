"""The command line: every study's YAML, a user's own loss, and bad input."""

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


def test_a_users_loss_in_a_folder_of_their_own_takes_part(tmp_path, main_of, monkeypatch, capsys):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_losses.py").write_text(OWN)
    (tmp_path / "loss").mkdir()
    node = "_target_: my_losses.Scaled\nfactor: 2.5\n"
    (tmp_path / "loss" / "scaled.yaml").write_text(node)
    line = ("gan_lab.theory", f"--config-dir={tmp_path}", f"hydra.run.dir={tmp_path}/run")
    only = ('study.only=["Scaled(2.5)"]', "study.animated=false", "study.rounds=3")
    assert main_of(*line, "study=dirac", *only) == 0
    # The discriminator pulls 2.5 times as hard: the eigenvalues are ± i √(2.5 / 4).
    assert "0.0000+0.7906i" in capsys.readouterr().out
    (tmp_path / "loss" / "wrong.yaml").write_text("_target_: nowhere.Loss\n")
    assert main_of(*line, "study=dirac") == 1
    assert capsys.readouterr().err.strip() == "gan_lab: loss=wrong: cannot import nowhere.Loss"


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


def test_one_command_answers_and_saves(tmp_path, main_of, capsys):
    folder = tmp_path / "run"
    line = ("gan_lab.theory", f"hydra.run.dir={folder}", "study=equilibrium")
    assert main_of(*line, "study.steps=30") == 0
    assert "-1.38629" in capsys.readouterr().out
    assert {"findings.json", "equilibrium.png", "equilibrium.svg", "tensorboard"} <= {
        path.name for path in folder.iterdir()
    }
    assert OmegaConf.load(folder / ".hydra" / "config.yaml").study.steps == 30
