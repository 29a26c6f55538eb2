"""The zoo's page: of finished runs only, every recipe's, resumable."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from benchmarks.zoo import __main__ as zoo
from benchmarks.zoo.record import digest, figures_of, keep, recorded
from gan_lab.cli.app import config_dir

EXPERIMENTS = {path.stem for path in (config_dir() / "experiment").glob("*.yaml")}
USUAL = {
    *("aae", "acgan", "began", "bgan", "bicyclegan", "ccgan", "cgan", "clustergan", "cogan"),
    *("context_encoder", "cyclegan", "dcgan", "discogan", "dragan", "dualgan", "ebgan", "esrgan"),
    *("gan", "infogan", "lsgan", "munit", "pix2pix", "pixelda", "relativistic_gan", "sgan"),
    *("softmax_gan", "srgan", "stargan", "unit", "wgan", "wgan_div", "wgan_gp"),
}
"""The names of the collection that is copied most."""


def summary(fid: float, steps: int = 7, status: str = "finished") -> str:
    final = {"fid/mnist_classifier_2000": 9.0, "fid/mnist_classifier_10000": fid}
    final |= {"fid/mnist_classifier_10000_ema": fid - 1, "test_errors": 0.02}
    return json.dumps(
        {
            **{"status": status, "steps": steps, "max_steps": 7, "final": final},
            **{"wall_time_s": 120.0, "device": "some processor", "best": {}},
        }
    )


def run_folder(folder: Path, name: str, text: str) -> None:
    (folder / name / "samples").mkdir(parents=True, exist_ok=True)
    (folder / name / "summary.json").write_text(text)
    for step in (3, 7):
        (folder / name / "samples" / f"step={step:06d}.png").write_bytes(str(step).encode())


def test_every_usual_name_leads_somewhere_and_every_animal_is_a_recipe() -> None:
    assert len(USUAL) == 32 and USUAL <= EXPERIMENTS
    names = [animal["name"] for animal in zoo.animals()]
    assert len(names) == len(set(names)) and set(names) <= EXPERIMENTS
    assert set(names) >= USUAL
    for animal in zoo.animals():
        told = {"name", "paper", "new", "formula", "published", "figures"}
        assert set(animal) - {"narrowed", "seen"} == told
        assert "arXiv" in animal["paper"]


NARROWED = {animal["name"]: animal["narrowed"] for animal in zoo.animals()}


@pytest.mark.parametrize(
    "name", ["bgan", "pix2pix", *(name for name in NARROWED if NARROWED[name])]
)
def test_a_runs_settings_compose(name: str) -> None:
    overrides = [*zoo.settings(name, 3), *NARROWED[name], "trainer.max_steps=7"]
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        config = compose("train", [*overrides, "run_dir=/nowhere"])
    measures = config.callbacks.evaluation or config.callbacks.translations
    assert measures.every_n_steps == 1000000
    assert config.callbacks.evaluation is None or measures.final_num_samples == 10000
    assert (config.seed, config.trainer.max_steps) == (3, 7)


def test_the_page_tells_what_was_kept_and_what_is_missing(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "zoo.md"
    for seed, fid in enumerate((10.0, 12.0, 14.0)):
        run_folder(tmp_path, f"bgan-{seed}", summary(fid))
        keep("bgan", [], seed, tmp_path / f"bgan-{seed}", page)
    run_folder(tmp_path, "wgan-0", summary(3.0))
    keep("wgan", NARROWED["wgan"], 0, tmp_path / "wgan-0", page)
    every = [a for a in zoo.animals() if a["name"] in ("bgan", "wgan", "began")]
    zoo.write(every, [], page)
    text = page.read_text()
    assert "7 steps, 3 seeds, 2.0 minutes each (some processor)" in text
    assert "`fid/mnist_classifier_10000_ema`: 11 [6.03, 16]" in text  # 11 ± 4.303 · 2 / √3
    assert "7 steps, 1 seed, " in text and "`fid/mnist_classifier_10000_ema`: 2\n" in text
    assert text.count("Not trained here yet.") == 1
    assert (page.parent / "figures" / "zoo" / "bgan.png").read_bytes() == b"7"
    assert "(figures/zoo/bgan.png)" in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        f"## {animal['name']}" for animal in every
    ]


def test_a_run_of_another_recipe_or_budget_is_not_shown(tmp_path: Path) -> None:
    page = tmp_path / "zoo.md"
    run_folder(tmp_path, "bgan-0", summary(10.0))
    keep("bgan", [], 0, tmp_path / "bgan-0", page)
    assert set(recorded("bgan", [], page)) == {0}
    assert not recorded("bgan", ["trainer.max_steps=9"], page)
    path = figures_of(page) / "bgan.json"
    path.write_text(path.read_text().replace(digest("bgan", []), digest("wgan", [])))
    assert not recorded("bgan", [], page)


def test_kept_runs_are_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "zoo.md"
    run_folder(tmp_path, "bgan-0", summary(10.0))
    keep("bgan", [], 0, tmp_path / "bgan-0", page)
    asked: list[list[str]] = []

    def train(folder: Path, overrides: list[str]) -> object:
        asked.append(overrides)
        ended = summary(12.0, status="finished" if "seed=1" in overrides else "interrupted")
        run_folder(folder.parent, folder.name, ended)
        return json.loads(ended)

    monkeypatch.setattr(zoo, "train", train)
    options = f"--folder {tmp_path} --seeds 3 --recipes bgan --page {page}"
    monkeypatch.setattr("sys.argv", ["zoo", *options.split()])
    zoo.main()
    assert all(
        {"experiment=bgan", f"seed={n}"} <= set(a) for n, a in zip((1, 2), asked, strict=True)
    )
    assert set(recorded("bgan", [], page)) == {0, 1}
    asked.clear()
    monkeypatch.setattr("sys.argv", ["zoo", *options.split(), "--write-only"])
    zoo.main()
    assert not asked
    monkeypatch.setattr("sys.argv", ["zoo", *options.split(), "--max-steps", "9"])
    zoo.main()
    assert len(asked) == 3  # of another budget
