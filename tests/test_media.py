"""Texts and sounds through every command line: train, sample, evaluate, export, resume."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_lab.data import OracleDataModule
from gan_lab.media import Audio
from tests.conftest import entry

COUNTS = ["callbacks.evaluation.num_samples=40", "callbacks.evaluation.final_num_samples=40"]
QUIET = ["trainer.accelerator=cpu", "trainer.log_every_n_steps=1", "logger.tensorboard=null"]
TINY = ["model.discriminator.width=4", "model.discriminator.windows=[1,2]", *QUIET, *COUNTS]
LINES = [
    *("experiment=seqgan", "data=words", "data.sample_shape=[6]", "data.batch_size=8"),
    *("phases.likelihood.steps=2", "phases.discriminator.steps=1", "terms.reward.rollouts=2"),
    *("n_critic=2", *TINY),
]
SOUND = [
    *("data=audio_folder", "data.sample_shape=[1,256]", "data.rate=2000", "data.batch_size=4"),
    *("model.width=2", "model.layers=2", "latent_dim=4", "callbacks.samples.num_samples=4", *QUIET),
]


def run(module: str, *arguments: object) -> None:
    before = sys.argv
    sys.argv = [module, *map(str, arguments)]
    try:
        entry(module)()
    finally:
        sys.argv = before


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("words") / "words.txt"
    syllables = [a + b for a in "bdgklmn" for b in "aeiou"]
    path.write_text("\n".join(a + b for a in syllables for b in syllables[:20]))
    return path


@pytest.fixture(scope="module")
def text_run(tmp_path_factory: pytest.TempPathFactory, words: Path) -> Path:
    folder = tmp_path_factory.mktemp("text") / "run"
    run("gan_lab.train", *LINES, f"data.root={words}", "trainer.max_steps=4",
        f"hydra.run.dir={folder}")  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("soundfile")
    folder = tmp_path_factory.mktemp("sounds")
    waves = torch.rand(60, 1, 256, generator=torch.Generator().manual_seed(0)) - 0.5
    for name, half in zip("ab", waves.chunk(2), strict=True):
        (folder / name).mkdir()
        Audio((1, 256), 2000).write(half, folder / name)
    return folder


@pytest.fixture(scope="module")
def sound_run(tmp_path_factory: pytest.TempPathFactory, sounds: Path) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "run"
    run("gan_lab.train", *SOUND, f"data.root={sounds}", "trainer.max_steps=2",
        f"hydra.run.dir={folder}")  # fmt: skip
    return folder


pytestmark = pytest.mark.usefixtures("_clean_environment")


def test_texts_are_left_beside_the_curves(text_run: Path) -> None:
    lines = (text_run / "samples" / "step=000004.txt").read_text().splitlines()
    assert len(lines) == 64 and any(line.isalpha() for line in lines)
    assert "nll_test/tokens_40" in (text_run / "metrics.csv").read_text()


def test_texts_are_sampled_at_a_temperature(text_run: Path, tmp_path: Path) -> None:
    told = {}
    for temperature in (0.01, 1):
        folder = tmp_path / str(temperature)
        run("gan_lab.sample", f"checkpoint={text_run}", f"temperature={temperature}",
            "num_samples=30", f"output={folder}")  # fmt: skip
        told[temperature] = set((folder / "grid.txt").read_text().splitlines())
    assert len(told[0.01]) < len(told[1])
    run("gan_lab.sample", f"checkpoint={text_run}", "format=npz", f"output={tmp_path}")
    assert np.load(tmp_path / "samples.npz")["samples"].shape == (64, 6)


def figures(folder: Path) -> Any:
    return json.loads((folder / "evaluation.json").read_text())["figures"]


def test_texts_are_measured_over_temperatures_and_strangers_too(
    text_run: Path, words: Path, tmp_path: Path
) -> None:
    run("gan_lab.evaluate", f"checkpoint={text_run}", f"root={words}", "num_samples=40",
        "temperatures=[0.5,1.0]", f"output={tmp_path}")  # fmt: skip
    found = figures(tmp_path)
    assert set(found) == {"raw 0.5", "raw 1"}
    assert {"nll_test/tokens_40", "bleu_2/tokens_40"} <= set(found["raw 1"])
    stranger = tmp_path / "stranger.txt"
    stranger.write_text("\n".join(words.read_text().splitlines()[:40]))
    run("gan_lab.evaluate", f"samples={stranger}", "data=words", "data.sample_shape=[6]",
        f"data.root={words}", "metrics=text", "num_samples=40", f"output={tmp_path}")  # fmt: skip
    told = figures(tmp_path)["samples"]
    assert told["real_words/tokens_40"]["mean"] == 1 and "nll_test/tokens_40" not in told


def test_policies_are_exported_and_drawn_from_again(text_run: Path, tmp_path: Path) -> None:
    run("gan_lab.export", f"checkpoint={text_run}", f"output={tmp_path}")
    assert (tmp_path / "generator.safetensors").is_file()


def test_a_run_of_texts_goes_on_where_it_was(text_run: Path, words: Path, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    shutil.copytree(text_run, part)
    run("gan_lab.train", *LINES, f"data.root={words}", "trainer.max_steps=6",
        f"hydra.run.dir={whole}")  # fmt: skip
    run("gan_lab.train", f"resume={part}", f"data.root={words}", "trainer.max_steps=6")
    states = [
        torch.load(folder / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
        for folder in (whole, part)
    ]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_another_text_is_refused_in_a_line(
    text_run: Path, tmp_path: Path, main_of: Callable[..., int], capsys: Any
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("\n".join(f"{a}{b}{c}" for a in "xyz" for b in "pqr" for c in "stv"))
    arguments = f"checkpoint={text_run}", f"root={other}", "num_samples=10", f"output={tmp_path}"
    assert main_of("gan_lab.evaluate", *arguments) == 1
    assert "the data's vocabulary is not the one" in capsys.readouterr().err


def test_sounds_are_left_sampled_and_exported(sound_run: Path, tmp_path: Path) -> None:
    for name in ("real.wav", "real.png", "step=000002.wav", "step=000002.png"):
        assert (sound_run / "samples" / name).stat().st_size > 100, name
    run("gan_lab.sample", f"checkpoint={sound_run}", "format=files", "num_samples=3",
        f"output={tmp_path}")  # fmt: skip
    assert len(list(tmp_path.glob("*.wav"))) == 3
    run("gan_lab.sample", f"checkpoint={sound_run}", "num_samples=3", f"output={tmp_path}")
    assert (tmp_path / "grid.wav").is_file() and (tmp_path / "grid.png").is_file()
    run("gan_lab.export", f"checkpoint={sound_run}", f"output={tmp_path}")


@pytest.mark.slow
def test_likelihood_and_the_adversary_come_near_an_oracles_entropy(tmp_path: Path) -> None:
    run("gan_lab.train", "experiment=seqgan", "data.vocabulary_size=50", "data.sample_shape=[8]",
        "data.train_size=5000", "data.test_size=2000", "phases.likelihood.steps=1500",
        "phases.discriminator.steps=100", "trainer.max_steps=1620", *QUIET,
        "callbacks.evaluation.every_n_steps=1500", "callbacks.evaluation.final_num_samples=2000",
        f"hydra.run.dir={tmp_path}/run")  # fmt: skip
    final = json.loads((tmp_path / "run" / "summary.json").read_text())["final"]
    facts = OracleDataModule(
        sample_shape=(8,), vocabulary_size=50, train_size=5000, test_size=2000, seed=0
    )
    facts.setup("fit")
    entropy = -float(facts.oracle.log_probabilities(facts.test.images).mean())
    near = entropy + 0.25 * (facts.oracle.uniform() - entropy)
    assert entropy < final["nll_oracle/tokens_2000"] < near
    assert entropy < final["nll_test/tokens_2000"] < near


@pytest.mark.slow
def test_a_vocoder_learns_the_mel_spectrum_of_digits_it_never_heard(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    run("gan_lab.train", "experiment=hifigan", "data.speakers=10", "data.takes=2",
        "data.batch_size=8", "trainer.max_steps=120", "callbacks.evaluation=null", *QUIET,
        "model.generator.width=16", "optimizer.lr=2e-3",
        f"hydra.run.dir={tmp_path}/run")  # fmt: skip
    curves = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    names = curves[0].split(",")
    column = [float(line.split(",")[names.index("term/mel")]) for line in curves[1:]]
    assert sum(column[-10:]) < 0.8 * sum(column[:10])
