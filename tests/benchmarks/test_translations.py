"""The tables of docs/translation.md: every recipe's, of finished runs, each row its own figures."""

import json
import math
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from benchmarks.translations import __main__ as translations
from benchmarks.translations import coupled
from gan_lab.cli.app import config_dir

RECIPES = OmegaConf.to_container(OmegaConf.load(translations.HERE / "recipes.yaml"))
assert isinstance(RECIPES, list)


def finished(folder: Path, seed: int, name: str = "pix2pix") -> Path:
    """Make the folder of a run that ended, with what was measured of it and of a phase's end."""
    run = folder / f"{name}-trained-{seed}"
    measures = {"last": 20.0, "step=000005": 30.0, "last_to_0": 1.0, "last_to_1": 4.0}
    for checkpoint, psnr in ((name, value + seed) for name, value in measures.items()):
        measured = run / "measured" / checkpoint
        measured.mkdir(parents=True)
        figures = {"raw": psnr, "copy": 10.0}
        told = {k: {"psnr/forth_1000": {"mean": v}} for k, v in figures.items()}
        (measured / "evaluation.json").write_text(json.dumps({"figures": told}))
    final = {"term/code": 0.25}
    summary = {"status": "finished", "steps": 7, "wall_time_s": 90.0, "final": final}
    (run / "summary.json").write_text(json.dumps(summary))
    return run


def test_a_table_has_a_row_a_method_and_the_interval_over_seeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = {"name": "pix2pix", "figures": ["psnr"], "kept": {"half": 5}, "terms": ["code"]}
    recipe |= {"differences": [["half", "trained"]]}
    translations.show(recipe, {"trained": [finished(tmp_path, seed) for seed in (0, 1, 2)]})
    printed = capsys.readouterr().out
    assert "3 seeds, 7 steps, 1.5 minutes each" in printed
    spread = 4.303 / math.sqrt(3)  # Student's t with two degrees of freedom
    assert f"| trained | 21.000 [{21 - spread:.3f}, {21 + spread:.3f}] |" in printed
    assert f"| half | 31.000 [{31 - spread:.3f}, {31 + spread:.3f}] |" in printed
    assert "| copy | 10.000 [10.000, 10.000] |" in printed
    assert "| half less trained | 10.000 [10.000, 10.000] |" in printed
    assert "`term/code` at the end: 0.250" in printed


@pytest.mark.parametrize("recipe", [RECIPES[0], RECIPES[4], RECIPES[-1]], ids=lambda r: r["name"])
def test_a_recipes_commands_compose(recipe: dict[str, list[str]]) -> None:
    beside: dict[str, list[str]] = dict(recipe.get("beside", {}))  # type: ignore[arg-type]
    for own in ([], *beside.values()):
        with initialize_config_dir(str(config_dir()), version_base="1.3"):
            config = compose("train", [*recipe["train"], *own, "run_dir=/nowhere"])
        ends = [phase.get("steps") for phase in (config.phases or {}).values()]
        for step in dict(recipe.get("kept", {})).values():  # type: ignore[call-overload]
            assert step in ends and config.trainer.max_steps % step < step


def test_every_recipe_that_translates_has_a_table() -> None:
    named = {recipe["train"][0].partition("=")[2] for recipe in RECIPES}
    experiments = {path.stem: path.read_text() for path in (config_dir() / "experiment").iterdir()}
    translating = {
        name for name, text in experiments.items() if "override /callbacks: translation" in text
    }
    assert translating <= named <= set(experiments) and "cogan" in named


def test_twins_agree_where_the_second_is_the_firsts_view(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = torch.where(torch.rand(6, 1, 8, 8) < 0.2, 1.0, -1.0)

    class Twins:
        def sample(self, count: int) -> dict[str, torch.Tensor]:
            return {"a": digits, "b": -digits}

    class Run:
        task = Twins()

    monkeypatch.setattr(coupled.gan_lab, "load", lambda run: Run())
    found = coupled.agreement(Path("anywhere"), "negative")
    assert found["pixel agreement"] == 1.0 > found["with another latent's"]
    assert found["of the backdrop alone"] == pytest.approx(float((digits < 0).float().mean()))
    assert coupled.agreement(Path("anywhere"), "edges")["pixel agreement"] < 0.9


def test_directions_may_be_told_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = {"name": "pix2pix", "figures": ["psnr"], "directions": ["to_0", "to_1"]}
    runs = {"trained": [finished(tmp_path, 0)]}
    translations.show(recipe, runs)
    each = capsys.readouterr().out
    assert "| trained | 1.000 |" in each and "| trained | 4.000 |" in each and "| to_1 |" in each
    translations.show(recipe | {"together": True}, runs)
    assert "| trained | 2.500 |" in capsys.readouterr().out
