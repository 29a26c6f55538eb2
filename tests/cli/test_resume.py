"""A run that was stopped and goes on ends as one that never stopped, bit for bit."""

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gan_lab.callbacks.random_state import random_state, set_random_state
from gan_lab.cli.resume import changes, resumed_arguments
from gan_lab.run.checkpoint import EMA_KEY
from tests.conftest import CommandLine

ROOT = Path(__file__).parents[2]
# 100 training samples: an epoch is a few steps long.
TINY = (
    "data.validation_size=59900",
    "data.batch_size=4",
    "trainer.log_every_n_steps=2",
    "callbacks.progress=null",
    "callbacks.samples=null",
    "callbacks.evaluation=null",
    "callbacks.nearest_neighbours=null",
)
MODELS = {"mlp": ("model=mlp",), "dcgan": ("model=dcgan", "model.width=4")}
EXACT = (
    "state_dict",
    EMA_KEY,
    "optimizer_states",
    "lr_schedulers",
    "random_states",
    "callbacks",
    "final",
)


def assert_same(first: Any, second: Any, place: str) -> None:
    if isinstance(first, dict):
        assert first.keys() == second.keys(), place
        for key in first:
            if key != "images_per_second":
                assert_same(first[key], second[key], f"{place}.{key}")
    elif isinstance(first, list | tuple):
        assert len(first) == len(second), place
        for index, (a, b) in enumerate(zip(first, second, strict=True)):
            assert_same(a, b, f"{place}[{index}]")
    elif isinstance(first, torch.Tensor):
        assert torch.equal(first, second), place
    else:
        assert first == second, place


def last(folder: Path) -> dict[str, Any]:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)


def curves(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open() as file:
        return [
            {k: v for k, v in row.items() if k != "images_per_second"}
            for row in csv.DictReader(file)
        ]


def tensorboard_steps(folder: Path) -> list[int]:
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return [event.step for event in accumulator.Scalars("loss/generator")]


def assert_ends_alike(whole: Path, resumed: Path) -> None:
    first, second = last(whole), last(resumed)
    assert first["global_step"] == second["global_step"]
    for key in EXACT:
        assert_same(first.get(key), second.get(key), key)
    loaders = [content["loops"]["fit_loop"]["state_dict"] for content in (first, second)]
    assert loaders[0]["combined_loader"] == loaders[1]["combined_loader"]
    assert curves(whole) == curves(resumed)
    steps = [int(row["step"]) for row in curves(whole) if row["loss/generator"]]
    assert tensorboard_steps(resumed) == steps == sorted(set(steps))


@pytest.mark.parametrize(
    ("model", "n_critic"),
    [
        ("dcgan", 1),
        ("mlp", 5),
        pytest.param("dcgan", 5, marks=pytest.mark.slow),
        pytest.param("mlp", 1, marks=pytest.mark.slow),
    ],
)
def test_a_signal_in_mid_epoch_costs_nothing(
    train: CommandLine, model: str, n_critic: int, tmp_path: Path
) -> None:
    # An epoch has 25 // n_critic steps; both runs end in another epoch than they were cut in.
    line = (*TINY, *MODELS[model], f"n_critic={n_critic}", "trainer.max_steps=29")
    whole = train(*line, folder="whole")
    with pytest.raises(SystemExit) as stop:
        train(
            *line,
            "+callbacks.stop={_target_: tests.interruptions.SignalAt, step: 13}",
            folder="cut",
        )
    assert stop.value.code == 128 + signal.SIGTERM
    cut = tmp_path / "cut"
    assert last(cut)["global_step"] == 13
    train(f"resume={cut}", "+callbacks.stop=null", f"hydra.run.dir={cut}")
    assert_ends_alike(whole, cut)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        pytest.param(0, (), marks=pytest.mark.slow),
        pytest.param(1, (), marks=pytest.mark.slow),
        (5, ("scheduler=constant_linear", "n_critic=5")),
        (7, ("scheduler=cosine", "loss=wgan_gp", "n_critic=2")),
        pytest.param(8, ("fresh_noise=true", "loss=wgan"), marks=pytest.mark.slow),
    ],
)
def test_any_kept_checkpoint_is_exact(
    train: CommandLine, tmp_path: Path, step: int, line: tuple[str, ...]
) -> None:
    # The steps beyond the checkpoint were logged before, as after a crash.
    line = (*TINY, "model=mlp", *line, "trainer.max_steps=11")
    whole = train(*line, "callbacks.checkpoints.keep_every_n_steps=1", folder="whole")
    resumed = tmp_path / "resumed"
    shutil.copytree(whole, resumed)
    kept = resumed / "checkpoints" / f"step={step:06d}.ckpt"
    if step == 0:
        short = train(*line[:-1], "trainer.max_steps=1", folder="short")
        shutil.copy(short / "checkpoints" / "previous.ckpt", kept)
    train(f"resume={kept}", "trainer.max_steps=11", f"hydra.run.dir={resumed}")
    assert_ends_alike(whole, resumed)


def test_metrics_and_the_best_weights_go_on_too(train: CommandLine, tmp_path: Path) -> None:
    line = [
        *(text for text in TINY if "evaluation" not in text),
        "model=mlp",
        "trainer.max_steps=9",
        "callbacks.ema.decay=0.9",
        "callbacks.checkpoints.keep_every_n_steps=5",
        "callbacks.evaluation.every_n_steps=2",
        "callbacks.evaluation.num_samples=64",
        "callbacks.evaluation.final_num_samples=80",
    ]
    whole = train(*line, folder="whole")
    assert EMA_KEY in last(whole)
    resumed = tmp_path / "resumed"
    shutil.copytree(whole, resumed)
    kept = resumed / "checkpoints" / "step=000005.ckpt"
    # Named again, as the fixture would take the evaluation away otherwise.
    train(f"resume={kept}", "callbacks.evaluation.num_samples=64", f"hydra.run.dir={resumed}")
    assert_ends_alike(whole, resumed)
    summaries = [json.loads((f / "summary.json").read_text()) for f in (whole, resumed)]
    for key in ("best", "best_step"):
        assert summaries[0][key] == summaries[1][key]


@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, 30))
def test_every_step_of_two_epochs(train: CommandLine, tmp_path: Path, step: int) -> None:
    line = (*TINY, "model=mlp", "n_critic=2", "callbacks.checkpoints.keep_every_n_steps=1")
    whole = train(*line, "trainer.max_steps=30", folder="whole")
    resumed = tmp_path / "resumed"
    shutil.copytree(whole, resumed)
    train(f"resume={resumed}/checkpoints/step={step:06d}.ckpt", f"hydra.run.dir={resumed}")
    assert_ends_alike(whole, resumed)


def run(mnist_root: Path, *line: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GAN_LAB_DATA": str(mnist_root), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "gan_lab.train", *line],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.slow
def test_two_processes_go_on_exactly_and_not_as_one(mnist_root: Path, tmp_path: Path) -> None:
    line = (
        *TINY,
        "model=mlp",
        "n_critic=2",
        "trainer.accelerator=cpu",
        "trainer.devices=2",
        "trainer.strategy=ddp",
        "trainer.max_steps=9",
    )
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    result = run(
        mnist_root,
        *line,
        "callbacks.checkpoints.keep_every_n_steps=4",
        f"hydra.run.dir={whole}",
    )
    assert result.returncode == 0, result.stderr
    states = last(whole)["random_states"]
    assert len(states) == 2
    assert not torch.equal(states[0]["torch"], states[1]["torch"])
    shutil.copytree(whole, cut)
    kept = cut / "checkpoints" / "step=000004.ckpt"
    result = run(mnist_root, f"resume={kept}", "trainer.devices=1")
    assert result.returncode == 1
    assert "the run had 2 process(es) and would go on with 1" in result.stderr
    result = run(mnist_root, f"resume={kept}")
    assert result.returncode == 0, result.stderr
    assert_ends_alike(whole, cut)


@pytest.mark.slow
def test_one_process_of_two_is_told_to_stop_and_both_do(mnist_root: Path, tmp_path: Path) -> None:
    line = (
        *TINY,
        "model=mlp",
        "trainer.accelerator=cpu",
        "trainer.devices=2",
        "trainer.strategy=ddp",
        "trainer.max_steps=9",
    )
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert run(mnist_root, *line, f"hydra.run.dir={whole}").returncode == 0
    stop = "+callbacks.stop={_target_:tests.interruptions.SignalAt,step:5,name:SIGUSR1}"
    result = run(mnist_root, *line, stop, f"hydra.run.dir={cut}")
    assert result.returncode != 0
    assert last(cut)["global_step"] == 5
    result = run(mnist_root, f"resume={cut}", "+callbacks.stop=null")
    assert result.returncode == 0, result.stderr
    assert_ends_alike(whole, cut)


def test_random_states_come_back() -> None:
    device = torch.device("cpu")
    state = random_state(device)

    def draw() -> tuple[float, ...]:
        return torch.rand(()).item(), np.random.rand(), np.random.randn(), random.random()

    first = draw()
    assert draw() != first
    set_random_state(state, device)
    assert draw() == first


def stopped(train: CommandLine, capsys: pytest.CaptureFixture[str], *line: str) -> str:
    with pytest.raises(SystemExit) as stop:
        train(*line)
    assert stop.value.code == 1
    return capsys.readouterr().err.splitlines()[-1]


def test_changed_hyperparameters_are_named_and_refused(
    train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = train(*TINY, "model=mlp", "trainer.max_steps=2")
    before = (folder / "summary.json").read_text()
    line = (f"resume={folder}", "trainer.max_steps=4")
    message = stopped(train, capsys, *line, "optimizer.lr=0.5", "loss=hinge")
    for part in ("optimizer.lr from 0.0002 to 0.5", "Hinge", "allow_changes=true"):
        assert part in message
    assert "max_steps" not in message
    assert (folder / "summary.json").read_text() == before
    message = stopped(train, capsys, *line, "model.generator.hidden=[8]", "allow_changes=true")
    assert "other shapes" in message
    assert "at step 2 already" in stopped(train, capsys, f"resume={folder}")


def test_allowed_changes_take_hold(train: CommandLine) -> None:
    folder = train(*TINY, "model=mlp", "scheduler=linear", "trainer.max_steps=4")
    group = last(folder)["optimizer_states"][1]["param_groups"][0]
    assert group["lr"] == 0
    train(f"resume={folder}", "optimizer.lr=0.1", "trainer.max_steps=8", "allow_changes=true")
    content = last(folder)
    for optimizer in content["optimizer_states"]:
        # As if the longer schedule had held from the first step: at its end at step 8.
        assert optimizer["param_groups"][0]["initial_lr"] == 0.1
        assert optimizer["param_groups"][0]["lr"] == pytest.approx(0, abs=1e-12)
        assert optimizer["state"][0]["step"] == 8
    rates = {int(row["step"]): float(row["learning_rate/generator"]) for row in curves(folder)}
    assert rates[6] == pytest.approx(0.1 * (1 - 6 / 8))


def test_another_optimizer_starts_without_moments(train: CommandLine) -> None:
    folder = train(*TINY, "model=mlp", "trainer.max_steps=2")
    train(f"resume={folder}", "optimizer=sgd", "trainer.max_steps=4", "allow_changes=true")
    generator = last(folder)["optimizer_states"][1]
    assert "exp_avg" not in generator["state"].get(0, {})
    assert generator["param_groups"][0]["nesterov"] is False


def test_a_run_folder_is_not_overwritten(
    train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = train(*TINY, "model=mlp", "trainer.max_steps=2")
    message = stopped(train, capsys, *TINY, "model=mlp", "trainer.max_steps=2")
    assert f"{folder} holds a run already; resume={folder} goes on" in message
    assert last(folder)["global_step"] == 2


def test_auto_starts_goes_on_and_skips_what_is_damaged(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    line = (*TINY, "model=mlp", "resume=auto", "callbacks.checkpoints.every_n_steps=2")
    train(*line, "trainer.max_steps=5")
    assert last(folder)["global_step"] == 5
    path = folder / "checkpoints" / "last.ckpt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, (2e9, 2e9))
    train(*line, "trainer.max_steps=7")
    assert f"skipping a checkpoint: {path} is damaged: the checksum" in "".join(capsys.readouterr())
    steps = [int(row["step"]) for row in curves(folder)]
    assert steps == tensorboard_steps(folder) == [2, 4, 6]
    assert last(folder)["global_step"] == 7


def test_auto_needs_a_folder_and_one_sound_checkpoint(
    train: CommandLine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from gan_lab.errors import LabError

    with pytest.raises(LabError, match="give hydra.run.dir"):
        resumed_arguments(["resume=auto"])
    with pytest.raises(LabError, match="sweep_dir"):
        resumed_arguments(["-m", "resume=auto", "seed=0,1"])
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "last.ckpt").write_bytes(b"")
    message = stopped(train, capsys, "resume=auto", f"hydra.run.dir={tmp_path}/run")
    assert "none of the 1 checkpoint(s)" in message


def test_two_processes_do_not_train_in_one_folder(
    train: CommandLine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from gan_lab.run.folder import claimed

    with claimed(tmp_path / "run"):
        message = stopped(train, capsys, *TINY, "model=mlp", "trainer.max_steps=2")
    assert "another process is training in" in message


def test_what_counts_as_a_change() -> None:
    before = {"loss": {"_target_": "a"}, "trainer": {"max_steps": 1, "precision": "32-true"}}
    now = {"loss": {"_target_": "b", "x": 1}, "trainer": {"max_steps": 2, "precision": "bf16"}}
    assert changes(before, now) == {
        "loss._target_": ("a", "b"),
        "loss.x": (None, 1),
        "trainer.precision": ("32-true", "bf16"),
    }
    assert changes({"callbacks": {"samples": 1}}, {"callbacks": {"samples": 2}}) == {}
    ema = {"callbacks": {"ema": {"decay": 0.9}}}
    assert list(changes(ema, {"callbacks": {"ema": {"decay": 0.99}}})) == ["callbacks.ema.decay"]
