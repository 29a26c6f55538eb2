"""``python -m gan_lab.evaluate``: checkpoints and anybody's images under one ruler."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lab.data import MNISTDataModule
from tests.conftest import CommandLine

Evaluate = Callable[..., dict]


@pytest.fixture
def evaluate(
    mnist_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _clean_environment: None
) -> Evaluate:
    def run(*overrides: str) -> dict:
        from gan_lab.evaluate import main

        arguments = [*overrides, f"root={mnist_root}", f"output={tmp_path}"]
        if not any(given.startswith("metrics=") for given in overrides):
            arguments.append("metrics=quick")
        arguments += [f"hydra.run.dir={tmp_path}/hydra", "device=cpu"]
        monkeypatch.setattr(sys, "argv", ["evaluate", *arguments])
        main()
        return json.loads((tmp_path / "evaluation.json").read_text())

    return run


def test_a_checkpoint_measures_the_same_every_time(
    train: CommandLine, evaluate: Evaluate, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = train("model=dcgan", "model.width=4", "data.batch_size=8", "trainer.max_steps=3",
                   "trainer.log_every_n_steps=1", "callbacks.ema.decay=0.9")  # fmt: skip
    options = (f"checkpoint={folder}", "num_samples=120", "repeats=3")
    first = evaluate(*options)
    assert " real " in capsys.readouterr().out
    assert first == evaluate(*options)
    assert set(first["figures"]) == {"raw", "ema"}
    fid = first["figures"]["raw"]["fid/mnist_classifier_120"]
    assert len(set(fid["values"])) == 3
    assert fid["mean"] == pytest.approx(np.mean(fid["values"]))
    assert fid["sd"] == pytest.approx(np.std(fid["values"], ddof=1))
    other = evaluate(f"checkpoint={folder}", "num_samples=120", "seed=1", "weights=raw")
    (value,) = other["figures"]["raw"]["fid/mnist_classifier_120"]["values"]
    assert value == fid["values"][1]
    assert first["real_training_samples"]["fid/mnist_classifier_120"] < value


def test_few_samples_and_several_seeds_give_valid_json(
    train: CommandLine, evaluate: Evaluate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """C_T of 50 samples was NaN: no JSON, and its deviation over two seeds a traceback."""
    folder = train("model=mlp", "trainer.max_steps=1")
    options = ("num_samples=50", "repeats=2", "metrics=all", "floor=false")
    evaluate(f"checkpoint={folder}", *options)
    text = (tmp_path / "evaluation.json").read_text()

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    figures = json.loads(text, parse_constant=refuse)["figures"]["raw"]
    assert len(figures["data_copying/mnist_classifier_50"]["values"]) == 2
    shown = capsys.readouterr().out
    assert "±: standard deviation over sampling seeds" in shown
    assert "≤ 10" in shown and "0.97" in shown  # inception_score, coverage


@pytest.mark.parametrize("form", ["png", "npz", "npz channels last"])
def test_images_of_any_program_are_measured(
    form: str, evaluate: Evaluate, tmp_path: Path, mnist_root: Path
) -> None:
    data = MNISTDataModule(mnist_root)
    data.setup()
    images = data.train.images[:90]
    path = tmp_path / "images"
    if form == "png":
        path.mkdir()
        for index, image in enumerate(images):
            Image.fromarray(image[0].numpy()).save(path / f"{index:03d}.png")
    else:
        path = tmp_path / "images.npz"
        array = images.numpy() if form == "npz" else images.permute(0, 2, 3, 1).numpy()
        np.savez(path, samples=array)
    result = evaluate(f"images={path}", "data=mnist", "floor=false")
    assert result["num_samples"] == 90
    assert result["figures"]["images"]["fid/mnist_classifier_90"]["mean"] < 15
    assert result["figures"]["images"]["inception_score/mnist_classifier_90"]["mean"] > 4


def grey(path: Path, size: int = 28) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(torch.zeros(size, size, dtype=torch.uint8).numpy()).save(path)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("nothing", "give either checkpoint=PATH"),
        ("no data", "needs the data set to compare with"),
        ("empty", "there are no PNG files in"),
        ("mixed", "images must be of one shape: a.png is [1, 28, 28], b.png is [1, 20, 20]"),
        ("colour", "have shape [3, 28, 28]"),
        ("palette", "has colours of kind P"),
        ("broken", "is damaged or no image"),
        ("npz", "is no .npz file of images"),
        ("floats", "must hold a uint8 array"),
        ("few", "needs at least 10 generated samples, got 2"),
        ("weights", "weights must be 'raw', 'ema' or 'both'"),
    ],
)
def test_bad_input_is_one_clear_line(
    fault: str,
    message: str,
    evaluate: Evaluate,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    arguments = [f"images={folder}", "data=mnist"]
    if fault == "nothing":
        arguments = []
    elif fault == "no data":
        arguments = [f"images={folder}"]
    elif fault == "weights":
        arguments = [f"checkpoint={folder}", "weights=best"]
    elif fault in ("mixed", "few"):
        grey(folder / "a.png")
        grey(folder / "b.png", 20 if fault == "mixed" else 28)
    elif fault == "colour":
        Image.new("RGB", (28, 28)).save(folder / "a.png")
    elif fault == "palette":
        Image.new("P", (28, 28)).save(folder / "a.png")
    elif fault == "broken":
        (folder / "a.png").write_bytes(b"not an image")
    elif fault in ("npz", "floats"):
        path = tmp_path / "images.npz"
        arguments[0] = f"images={path}"
        path.write_bytes(b"not an archive")
        if fault == "floats":
            np.savez(path, np.zeros((5, 28, 28)))
    with pytest.raises(SystemExit) as exit_:
        evaluate(*arguments)
    assert exit_.value.code == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("gan_lab: ")
    assert message in error
