"""The averaged generator: its formula, its cost to training, its way through a checkpoint."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback
from torch import Tensor

from gan_lab.callbacks import EMA
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.models import MLPBackbone, MLPGenerator, Scores
from gan_lab.run.checkpoint import EMA_KEY, load_task
from gan_lab.tasks import Generation
from tests.conftest import CommandLine
from tests.game.playing import play

SMALL = ("model=mlp", "data.batch_size=8", "trainer.log_every_n_steps=10")


def checkpoint(folder: Path, name: str = "last.ckpt") -> dict:
    return torch.load(folder / "checkpoints" / name, weights_only=True)


@pytest.mark.parametrize("arguments", [{"decay": 1.0}, {"decay": -0.1}, {"every_n_steps": 0}])
def test_numbers_out_of_range_are_refused(arguments: dict) -> None:
    with pytest.raises(ValueError, match="must"):
        EMA(**arguments)


@pytest.mark.parametrize("every", [1, 2])
def test_the_average_is_its_formula(train: CommandLine, every: int) -> None:
    options = ("callbacks.ema.decay=0.5", f"callbacks.ema.every_n_steps={every}")
    folder = train(
        *SMALL, *options, "trainer.max_steps=4", "callbacks.checkpoints.keep_every_n_steps=1"
    )
    raw = {step: checkpoint(folder, f"step={step:06d}.ckpt")["state_dict"] for step in range(1, 5)}
    name = next(key for key in raw[1] if key.startswith("task.") and key.endswith("weight"))
    # The first average is of the weights before training, which no checkpoint has: start from
    # the first that is there.
    first = checkpoint(folder, f"step={every:06d}.ckpt")[EMA_KEY][name.removeprefix("task.")]
    expected = first
    for step in range(2 * every, 5, every):
        decay = min(0.5, (1 + step) / (10 + step)) ** every
        expected = decay * expected + (1 - decay) * raw[step][name]
    ours = checkpoint(folder)[EMA_KEY][name.removeprefix("task.")]
    torch.testing.assert_close(ours, expected)
    assert not torch.equal(ours, raw[4][name])


def test_training_never_sees_the_average(train: CommandLine) -> None:
    without = train(*SMALL, "trainer.max_steps=5", folder="without")
    with_average = train(*SMALL, "trainer.max_steps=5", "callbacks.ema.decay=0.9", folder="with")
    before, after = checkpoint(without)["state_dict"], checkpoint(with_average)["state_dict"]
    assert all(torch.equal(before[name], after[name]) for name in before)
    with pytest.raises(LabError, match="holds no averaged weights; use weights=raw"):
        load_task(without / "checkpoints" / "last.ckpt", "ema")
    latents = {"z": torch.randn(3, 100)}
    raw, ema = (
        load_task(with_average / "checkpoints" / "last.ckpt", weights).sample(3, latents)["x"]
        for weights in ("raw", "ema")
    )
    assert not torch.equal(raw, ema)


def test_resume_goes_on_with_the_average(train: CommandLine) -> None:
    folder = train(*SMALL, "trainer.max_steps=4", "callbacks.ema.decay=0.9")
    before = checkpoint(folder)
    # No update falls into the resumed steps, so the average must be the old one to the bit.
    train(
        f"resume={folder}",
        "trainer.max_steps=6",
        "callbacks.ema.every_n_steps=100",
        "allow_changes=true",
    )
    after = checkpoint(folder)
    assert after["global_step"] == 6
    for name, tensor in before[EMA_KEY].items():
        assert torch.equal(after[EMA_KEY][name], tensor), name
    moved = [name for name in before["state_dict"] if name.startswith("task.")]
    assert any(not torch.equal(before["state_dict"][n], after["state_dict"][n]) for n in moved)


def test_running_statistics_are_averaged_like_weights() -> None:
    """One recursion for every tensor that is not whole numbers, buffers of batch norm included."""
    torch.manual_seed(0)
    task = Generation(MLPGenerator(3, (2,), hidden=(4, 4), batch_norm=True))
    module = GAN(task, Scores(partial(MLPBackbone, hidden=(4,)), (2,)), NonSaturating())
    ema = EMA(decay=0.3)
    states: list[dict[str, Tensor]] = []

    class Watch(Callback):
        def on_train_start(self, *_: Any) -> None:
            self.note()

        def on_train_batch_end(self, *_: Any) -> None:
            self.note()

        def note(self) -> None:
            states.append({k: v.clone() for k, v in task.state_dict().items()})

    play(module, lambda random: {"x": torch.randn(8, 2, generator=random)}, 3, Watch(), ema)
    for name, ours in ema.task.state_dict().items():
        if ours.is_floating_point():
            expected = states[0][name]
            for step, state in enumerate(states[1:], start=1):
                decay = min(0.3, (1 + step) / (10 + step))
                expected = decay * expected + (1 - decay) * state[name]
            torch.testing.assert_close(ours, expected, msg=name)
    running = [name for name in states[0] if name.endswith(("running_mean", "running_var"))]
    assert running
    assert all(not torch.equal(states[0][name], ema.task.state_dict()[name]) for name in running)
