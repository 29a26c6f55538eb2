"""Pairs of one budget: with the class or without, and as many steps as fit into the seconds."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from benchmarks import strongest
from gan_lab.cli.app import config_dir


@pytest.mark.parametrize("kind", strongest.RECIPES)
def test_a_kind_is_told_the_class_or_not(kind: str) -> None:
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        for recipe in strongest.RECIPES[kind].values():
            config = compose("train", [*recipe, strongest.AVERAGED, "run_dir=/nowhere"])
            assert bool(config.num_classes) is (kind == "conditional")
            assert config.data._target_ == "gan_lab.data.MNISTDataModule"
            assert config.callbacks.ema.decay == 0.998


def test_a_run_gets_the_steps_that_its_pace_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def train(folder: Path, overrides: list[str]) -> None:
        asked.append(overrides)
        folder.mkdir()
        (folder / "summary.json").write_text(json.dumps({"steps": 200, "wall_time_s": 8.0}))

    monkeypatch.setattr(strongest, "train", train)
    assert strongest.affordable(tmp_path / "pace", ["experiment=cgan"], 120.0) == 3000
    assert asked[0][:2] == ["experiment=cgan", "trainer.max_steps=200"]
