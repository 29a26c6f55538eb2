"""Drawing from a checkpoint."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lab.errors import LabError
from gan_lab.run.checkpoint import load_task
from gan_lab.run.rebuild import rebuild
from gan_lab.sample import interpolate, main
from tests.conftest import CommandLine


@pytest.fixture
def run(train: CommandLine) -> Path:
    return train("model=mlp", "data.batch_size=8", "trainer.max_steps=2")


def draw(monkeypatch: pytest.MonkeyPatch, checkpoint: Path, folder: Path, *options: str) -> Path:
    arguments = [f"checkpoint={checkpoint}", f"hydra.run.dir={folder}", *options]
    monkeypatch.setattr(sys, "argv", ["sample", *arguments])
    main()
    return folder


def load(folder: Path) -> np.ndarray:
    with np.load(folder / "samples.npz") as file:
        return file["samples"]


def test_every_format(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sample(*options: str) -> Path:
        return draw(monkeypatch, run, tmp_path / "samples", "num_samples=9", *options)

    with Image.open(sample() / "grid.png") as grid:
        assert grid.size == (3 * 30 + 2, 3 * 30 + 2)
    assert len(list(sample("format=png").glob("0*.png"))) == 9
    array = load(sample("format=npz"))
    assert array.shape == (9, 1, 28, 28)
    assert array.dtype == np.uint8
    folder = sample("format=interpolation", "interpolation_steps=4")
    with Image.open(folder / "interpolation.png") as strips:
        assert strips.size == (4 * 30 + 2, 9 * 30 + 2)


def test_the_seed_decides_what_is_drawn(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = [
        load(
            draw(
                monkeypatch, run, tmp_path / str(i), "format=npz", f"seed={seed}", f"batch_size={b}"
            )
        )
        for i, (seed, b) in enumerate([(1, 64), (1, 64), (2, 64)])
    ]
    assert np.array_equal(arrays[0], arrays[1])
    assert not np.array_equal(arrays[0], arrays[2])


def test_a_wrong_format_is_refused(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        draw(monkeypatch, run, tmp_path / "x", "format=jpeg")
    assert "format must be one of grid, png" in capsys.readouterr().err


def test_interpolation_keeps_its_ends_and_a_gaussian_length() -> None:
    random = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 5, 1000, generator=random)
    arcs = interpolate(a, b, 7)
    assert arcs.shape == (5, 7, 1000)
    torch.testing.assert_close(arcs[:, 0], a)
    torch.testing.assert_close(arcs[:, -1], b)
    assert (arcs.norm(dim=2) / 1000**0.5 - 1).abs().max() < 0.1
    torch.testing.assert_close(interpolate(a, a, 3), a[:, None].expand(-1, 3, -1))


@pytest.mark.parametrize(
    "target", ["os.system", "gan_lab.models.base.math.exp", "gan_lab.models.nn", None]
)
def test_only_listed_classes_are_rebuilt(target: str | None) -> None:
    with pytest.raises(LabError, match="only classes of"):
        rebuild({"_target_": target})


def test_a_generator_is_rebuilt_from_its_checkpoint_alone(run: Path) -> None:
    path = run / "checkpoints" / "last.ckpt"
    task = load_task(path)
    state = torch.load(path, weights_only=True)["state_dict"]
    for name, value in task.state_dict().items():
        assert torch.equal(value, state[f"task.{name}"])
    assert not task.training


def test_classes_are_drawn_in_turn_or_one_alone(
    train: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = train(
        "model=mlp", "conditioning=concatenation", "data.batch_size=8", "trainer.max_steps=2"
    )

    def sample(*options: str) -> np.ndarray:
        return load(draw(monkeypatch, run, tmp_path / "x", "format=npz", *options))

    turns, sevens = sample("num_samples=20"), sample("num_samples=20", "label=7")
    same = [np.array_equal(a, b) for a, b in zip(turns, sevens, strict=True)]
    assert same == [index % 10 == 7 for index in range(20)]
    with Image.open(draw(monkeypatch, run, tmp_path / "y", "num_samples=20") / "grid.png") as grid:
        assert grid.size == (10 * 30 + 2, 2 * 30 + 2)  # a column for each class
    with pytest.raises(SystemExit):
        sample("label=10")
    assert "label must be below 10, got 10" in capsys.readouterr().err


def test_a_class_of_an_unconditional_generator_is_refused(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        draw(monkeypatch, run, tmp_path / "x", "label=3")
    assert "this generator has no classes; leave label out" in capsys.readouterr().err


CONDITIONAL = {
    "infogan": ("experiment=infogan", "model.width=16", "model.units=64"),
    "projection": ("experiment=projection", "model.width=4", "latent_dim=8"),
    "auxiliary_classifier": ("model=mlp", "conditioning=auxiliary_classifier"),
}


@pytest.mark.parametrize("name", CONDITIONAL)
def test_conditional_runs_are_drawn_from_and_measured(
    name: str, train: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mnist_root: Path
) -> None:
    from gan_lab import evaluate

    small = ("data.batch_size=8", "data.validation_size=59000", "callbacks.samples=null")
    # Before that, running statistics of 1 leave labels an effect that 8 bits round away.
    run = train(*CONDITIONAL[name], *small, "trainer.max_steps=12")
    turns = load(draw(monkeypatch, run, tmp_path / "a", "format=npz", "num_samples=20"))
    threes = load(draw(monkeypatch, run, tmp_path / "b", "format=npz", "num_samples=20", "label=3"))
    same = [np.array_equal(a, b) for a, b in zip(turns, threes, strict=True)]
    assert same == [index % 10 == 3 for index in range(20)]
    folder = draw(monkeypatch, run, tmp_path / "c", "format=interpolation", "num_samples=3")
    assert (folder / "interpolation.png").exists()
    options = {"num_samples": 120, "root": mnist_root, "device": "cpu", "floor": False}
    quick = {"hydra.run.dir": tmp_path / "figures", "metrics.figures.synthetic_accuracy.steps": 5}
    figures = evaluate(run, **options, **quick)
    accuracy = "code_accuracy" if name == "infogan" else "class_accuracy"
    assert 0 <= figures[f"{accuracy}/mnist_classifier_120"] <= 1
    assert figures["fid/mnist_classifier_120"] > 1


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("sample", ["checkpoint: ???", "interpolation_steps: 10 # images in a strip"]),
        ("export", ["format: safetensors # ", "or onnx"]),
        ("evaluate", ["images: null # or a folder", "metrics=, metrics/features= and data="]),
    ],
)
def test_help_shows_what_a_command_takes(
    command: str,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [command, "--help"])
    with pytest.raises(SystemExit) as stop:
        importlib.import_module(f"gan_lab.{command}").main()
    assert not stop.value.code
    shown = capsys.readouterr().out
    for text in [*told, "${hydra:runtime.output_dir} # "]:
        assert text in shown
    assert "optimizer" not in shown  # which is no business of these
    assert "defaults:" not in shown


def test_a_folder_of_ones_own_home_and_odd_names(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    odd = "it's ${here}, a=b\\"
    for folder in ("~/drawn", odd):
        draw(monkeypatch, run, tmp_path / "hydra", f"output={folder}", "num_samples=4")
    assert (tmp_path / "drawn" / "grid.png").exists()
    assert (tmp_path / odd / "grid.png").exists()
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize(("kind", "name"), [("grid", "grid.png"), ("npz", "samples.npz")])
def test_a_full_disk_leaves_what_was_drawn_before(
    kind: str,
    name: str,
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = draw(monkeypatch, run, tmp_path / "x", f"format={kind}", "num_samples=4")
    path = folder / name
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.savez_compressed", full)
    monkeypatch.setattr("PIL.Image.Image.save", full)
    with pytest.raises(SystemExit):
        draw(monkeypatch, run, folder, f"format={kind}", "num_samples=4", "seed=1")
    assert f"cannot write {path}: No space left" in capsys.readouterr().err
    assert path.read_bytes() == before
