"""The command line on real MNIST: what a run leaves behind, and how it goes on."""

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.conftest import CommandLine

SMALL = ("model=mlp", "data.batch_size=16", "trainer.log_every_n_steps=5")
UNWATCHED = ("callbacks.samples=null", "callbacks.nearest_neighbours=null")
ROOT = Path(__file__).parents[1]


def summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text())


def scalars(folder: Path) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return accumulator


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


LOSSES = "vanilla", "non_saturating", "lsgan", "wgan", "wgan_gp", "hinge"


@pytest.mark.parametrize(
    ("model", "loss"),
    [
        *(("mlp", loss) for loss in LOSSES),
        ("dcgan", "non_saturating"),
        *(pytest.param("dcgan", loss, marks=pytest.mark.slow) for loss in LOSSES[2:]),
    ],
)
def test_every_loss_trains_every_model(train: CommandLine, model: str, loss: str) -> None:
    mlp = ["model.generator.hidden=[16]", "model.discriminator.hidden=[16]"]
    small = ["model.width=4"] if model == "dcgan" else mlp
    folder = train(
        *UNWATCHED,
        f"loss={loss}",
        f"model={model}",
        *small,
        "data.batch_size=8",
        "trainer.max_steps=4",
        "trainer.log_every_n_steps=2",
    )
    result = summary(folder)
    assert (result["status"], result["steps"]) == ("finished", 4)
    assert all(math.isfinite(value) for value in result["final"].values())


@pytest.mark.parametrize(
    "descent",
    [
        "optimistic",
        pytest.param("extragradient", marks=pytest.mark.slow),
        pytest.param("consensus", marks=pytest.mark.slow),
    ],
)
def test_every_descent_trains(train: CommandLine, descent: str) -> None:
    line = (*SMALL, *UNWATCHED, f"descent={descent}", "n_critic=2", "trainer.max_steps=5")
    folder = train(*line)
    assert all(math.isfinite(value) for value in summary(folder)["final"].values())
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    target = checkpoint["gan_lab"]["config"]["module"]["descent"]["_target_"]
    assert target == f"gan_lab.descents.{descent.title()}"
    steps = [c["state"][0]["step"] for c in checkpoint["optimizer_states"]]
    assert steps == [10, 5]
    train(f"resume={folder}", "trainer.max_steps=10")
    whole = train(*line[:-1], "trainer.max_steps=10", folder="whole")
    first, second = (
        torch.load(f / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for f in (folder, whole)
    )
    assert all(torch.equal(first[name], value) for name, value in second.items())


def test_a_term_that_no_file_names_is_one_line_of_the_command(train: CommandLine) -> None:
    term = "+terms.steady={_target_: gan_lab.terms.Reconstruction, weight: 0.5}"
    folder = train(*SMALL, "regularizer=lecam", term, "trainer.max_steps=3")
    final = summary(folder)["final"]
    assert {"term/steady", "term/lecam"} <= set(final)
    assert all(math.isfinite(value) for value in final.values())
    assert [row["step"] for row in rows(folder)] == ["3"]  # too few for a point at five


@pytest.mark.parametrize("n_critic", [1, 5])
def test_tensorboard_ends_at_the_last_step(train: CommandLine, n_critic: int) -> None:
    folder = train(*SMALL, f"n_critic={n_critic}", "trainer.max_steps=20")
    events = scalars(folder)
    steps = [event.step for event in events.Scalars("loss/generator")]
    assert steps == [5, 10, 15, 20]
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    discriminator, generator = checkpoint["optimizer_states"]
    assert discriminator["state"][0]["step"] == 20 * n_critic
    assert generator["state"][0]["step"] == 20
    assert checkpoint["global_step"] == 20


@pytest.mark.parametrize(
    ("axis", "precision"),
    [
        ("loss=wgan_gp", "64-true"),
        ("regularizer=r1r2", "bf16-true"),
        ("loss=wgan_gp", "bf16-mixed"),
        pytest.param("regularizer=r1r2", "64-true", marks=pytest.mark.slow),
        pytest.param("loss=wgan_gp", "bf16-true", marks=pytest.mark.slow),
        pytest.param("regularizer=r1r2", "bf16-mixed", marks=pytest.mark.slow),
    ],
)
def test_other_precisions(train: CommandLine, precision: str, axis: str) -> None:
    folder = train(*SMALL, axis, f"trainer.precision={precision}", "trainer.max_steps=5")
    assert math.isfinite(summary(folder)["final"]["loss/generator"])


def test_a_run_folder_holds_everything(train: CommandLine) -> None:
    folder = train(*SMALL, "trainer.max_steps=10", "callbacks.samples.every_n_steps=5")
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {
        ".hydra/config.yaml",
        "checkpoints/last.ckpt",
        "metrics.csv",
        "samples/real.png",
        "samples/step=000005.png",
        "samples/step=000010.png",
        "summary.json",
    } <= found
    events = scalars(folder)
    assert {"samples/generated", "samples/real"} <= set(events.Tags()["images"])
    assert "config/text_summary" in events.Tags()["tensors"]
    expected = {
        "loss/discriminator",
        "logits/real",
        "accuracy/fake",
        "gradient_norm/generator",
        "learning_rate/discriminator",
        "images_per_second",
        "divergence/jensen-shannon",
    }
    assert expected <= set(events.Tags()["scalars"])
    assert expected <= set(summary(folder)["final"])
    assert [row["step"] for row in rows(folder)] == ["5", "10"]


def test_the_command_line_wins_over_a_recipe(train: CommandLine) -> None:
    folder = train(
        *SMALL,
        "loss=wgan",
        "regularizer=gradient_penalty",
        "optimizer=adam",
        "optimizer.lr=3e-4",
        "n_critic=2",
        "trainer.max_steps=5",
    )
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    config = checkpoint["gan_lab"]["config"]
    assert config["loss"]["_target_"] == "gan_lab.losses.Wasserstein"
    assert list(config["regularizer"]) == ["gradient_penalty"]
    assert config["optimizer"]["generator"]["_target_"] == "torch.optim.Adam"
    assert checkpoint["optimizer_states"][0]["param_groups"][0]["lr"] == 3e-4
    assert checkpoint["optimizer_states"][0]["state"][0]["step"] == 10


def test_the_same_seed_gives_the_same_run(train: CommandLine) -> None:
    first, second, other = (
        train(*SMALL, "trainer.max_steps=5", f"seed={seed}", folder=str(index))
        for index, seed in enumerate([3, 3, 4])
    )
    values = [summary(folder)["final"]["loss/generator"] for folder in (first, second, other)]
    assert values[0] == values[1] != values[2]


@pytest.mark.parametrize("by", ["folder", "file"])
def test_resume_goes_on_to_the_step_asked_for(train: CommandLine, by: str) -> None:
    folder = train(*SMALL, "loss=lsgan", "trainer.max_steps=10")
    path = folder if by == "folder" else folder / "checkpoints" / "last.ckpt"
    train(f"resume={path}", "trainer.max_steps=20", f"hydra.run.dir={folder}")
    result = summary(folder)
    assert (result["status"], result["steps"], result["resumed_from_step"]) == ("finished", 20, 10)
    assert [row["step"] for row in rows(folder)] == ["5", "10", "15", "20"]
    steps = [event.step for event in scalars(folder).Scalars("loss/generator")]
    assert steps == [5, 10, 15, 20]
    config = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["gan_lab"]
    assert config["config"]["loss"]["_target_"] == "gan_lab.losses.LeastSquares"


def test_multirun_names_each_folder_and_returns_the_objective(
    train: CommandLine, tmp_path: Path
) -> None:
    sweep = tmp_path / "sweep"
    train(
        "-m",
        *SMALL,
        "trainer.max_steps=5",
        "loss=vanilla,wgan",
        "seed=0,1",
        "objective=loss/generator",
        f"hydra.sweep.dir={sweep}",
    )
    summaries = sorted(sweep.glob("*/summary.json"))
    assert len(summaries) == 4
    for path in summaries:
        assert "loss=" in path.parent.name
        assert "seed=" in path.parent.name
    assert len(list(sweep.glob("*/events*"))) == 4


def test_a_loss_that_is_no_number_stops_the_run(
    train: CommandLine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as stop:
        train(*SMALL, "loss=wgan", "regularizer=none", "optimizer.lr=1e30", "trainer.max_steps=50")
    assert stop.value.code == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert "loss became" in message
    assert "discriminator" in message or "generator" in message
    assert "step" in message
    folder = tmp_path / "run"
    assert summary(folder)["status"] == "failed"
    state = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert all(torch.isfinite(value).all() for value in state.values())


def command(folder: Path, *overrides: str) -> list[str]:
    fast = [*SMALL, "callbacks.evaluation=null"]
    return [sys.executable, "-m", "gan_lab.train", *fast, *overrides, f"hydra.run.dir={folder}"]


def environment(mnist_root: Path) -> dict[str, str]:
    return {**os.environ, "GAN_LAB_DATA": str(mnist_root), "OMP_NUM_THREADS": "1"}


def test_ctrl_c_saves_and_says_how_to_resume(mnist_root: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        command(
            tmp_path, "model=mlp", "trainer.max_steps=1000000", "callbacks.samples.every_n_steps=5"
        ),
        cwd=ROOT,
        env=environment(mnist_root),
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(tmp_path.glob("samples/step=*.png")):
        assert process.poll() is None
        time.sleep(0.1)  # a loop without a rest takes a core from what it waits for
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    result = summary(tmp_path)
    assert result["status"] == "interrupted"
    assert f"python -m gan_lab.train resume={tmp_path}" in errors
    checkpoint = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == result["steps"] > 0


def test_two_processes_share_weights_and_not_noise(mnist_root: Path, tmp_path: Path) -> None:
    overrides = (
        "model=mlp",
        "loss=wgan_gp",
        "trainer.max_steps=3",
        "callbacks.evaluation=null",
        "trainer.accelerator=cpu",
        "trainer.devices=2",
        "trainer.strategy=ddp",
        "+callbacks.probe._target_=tests.ranks.RankProbe",
        f"+callbacks.probe.folder={tmp_path}",
    )
    subprocess.run(
        command(tmp_path, *overrides),
        cwd=ROOT,
        env=environment(mnist_root),
        check=True,
        timeout=120,
    )
    first, second = (torch.load(tmp_path / f"rank{rank}.pt") for rank in (0, 1))
    assert all(torch.equal(first["weights"][k], second["weights"][k]) for k in first["weights"])
    assert not torch.equal(first["noise"], second["noise"])
    assert not torch.equal(first["real"], second["real"])
    assert summary(tmp_path)["processes"] == 2


def test_help_answers_without_the_heavy_libraries() -> None:
    script = (
        "import sys; sys.argv = ['train', '--help']\n"
        "from gan_lab.train import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "loss: " in result.stdout
    assert result.stdout.splitlines()[-1] == "False"


def test_debugging_takes_one_step_of_everything(train: CommandLine) -> None:
    line = ("trainer=debug", "data=ring", "data.train_size=1000", "data.test_size=400")
    folder = train(*line, "callbacks.evaluation.final_num_samples=200")
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["status"], summary["steps"], summary["best_step"]) == ("finished", 1, 1)
    assert "fid/points_200" in summary["final"]
    assert {path.name for path in (folder / "checkpoints").iterdir()} >= {"last.ckpt", "best.ckpt"}
    assert list((folder / "samples").glob("*.png"))


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])  # those that auto chooses among
def test_the_readmes_clipping_works_whatever_auto_chooses(
    train: CommandLine, precision: str
) -> None:
    line = ("data=ring", "data.train_size=1000", "callbacks.density=null", "trainer.max_steps=2")
    clipped = ("scheduler=cosine", "gradient_clip_val=1.0", f"trainer.precision={precision}")
    folder = train(*line, *clipped, "trainer.log_every_n_steps=1")
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["status"], summary["precision"]) == ("finished", precision)
