"""What tests of games share: a quiet trainer, steps that are the same each time, who moved."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor, nn

from gan_lab.callbacks import RandomState
from gan_lab.contracts import PLAYERS, Sample
from gan_lab.data import BatchLoader
from gan_lab.game import GAN
from gan_lab.media import Image

Make = Callable[[torch.Generator], Sample]


class Steps:
    """Steps whose minibatches are a function of the step's number alone; resumes where it was."""

    def __init__(self, make: Make, n_critic: int = 1, count: int = 100) -> None:
        self.make, self.n_critic, self.count, self.next = make, n_critic, count, 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[list[Sample]]:
        while self.next < self.count:
            random = torch.Generator().manual_seed(self.next)
            self.next += 1  # before yielding: a checkpoint taken now names what comes next
            yield [self.make(random) for _ in range(self.n_critic)]

    def state_dict(self) -> dict[str, Any]:
        return {"next": self.next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.next = state["next"]


def trainer(steps: int, *callbacks: Callback, **options: Any) -> Trainer:
    return Trainer(
        max_steps=steps,
        max_epochs=-1,
        accelerator="cpu",
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )


def play(
    module: GAN, make: Make, steps: int, *callbacks: Callback, ckpt_path: Path | None = None
) -> Trainer:
    """Take steps, or go on to as many from a checkpoint."""
    runner = trainer(steps, *callbacks)
    runner.fit(module, Steps(make, module.n_critic), ckpt_path=ckpt_path)
    return runner


def play_images(module: GAN, steps: int, *callbacks: Callback, **options: Any) -> Trainer:
    """Take steps on bytes of the shape of the task's images, with labels 0, 1, 2."""
    runner = trainer(steps, *callbacks, **options)
    runner.fit(module, image_loader(module))
    return runner


def image_loader(module: GAN) -> BatchLoader:
    shape = module.task.medium.shape
    count = max(50, 8 * module.n_critic)
    stored = torch.randint(0, 256, (count, *shape), dtype=torch.uint8)
    samples = stored if len(shape) == 3 else torch.randn(count, *shape)
    medium = Image(shape) if len(shape) == 3 else None
    return BatchLoader(samples, torch.arange(count) % 3, 8, module.n_critic, medium)


def weights(network: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()]).clone()


class Moves(Callback):
    """Notes, for each update, which sides moved since the one before."""

    def __init__(self) -> None:
        self.moved: list[set[str]] = []
        self.before: dict[str, Tensor] = {}

    def compare(self, module: GAN) -> None:
        now = {
            "discriminator": weights(module.discriminator),
            "generator": weights(module.task),
        }
        if self.before:
            self.moved.append({k for k in now if not torch.equal(now[k], self.before[k])})
        self.before = now

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        self.compare(pl_module)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self.compare(pl_module)


def assert_one_side_moves_at_a_time(module: GAN, make: Make, steps: int = 3) -> None:
    """Play, and assert that every parameter moved, each side's in its own updates alone."""
    before = {name: value.detach().clone() for name, value in module.named_parameters()}
    moves = Moves()
    play(module, make, steps, moves)
    assert moves.moved == ([{"discriminator"}] * module.n_critic + [{"generator"}]) * steps
    for name, value in module.named_parameters():
        assert value.isfinite().all(), name
        assert not torch.equal(value, before[name]), name
    for player in PLAYERS:
        assert module.optimizer_of(player).state


def assert_resumes_bitwise(build: Callable[[], GAN], make: Make, folder: Path) -> None:
    """Assert that three steps, a checkpoint and three steps more equal six at once."""
    torch.manual_seed(1)
    whole = build()
    play(whole, make, 6, RandomState())
    torch.manual_seed(1)
    play(build(), make, 3, RandomState()).save_checkpoint(folder / "third.ckpt")
    torch.manual_seed(2)  # which the checkpoint overrules
    resumed = build()
    play(resumed, make, 6, RandomState(), ckpt_path=folder / "third.ckpt")
    expected, found = whole.state_dict(), resumed.state_dict()
    assert list(expected) == list(found)
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name


def twin(module: GAN, kind: type[GAN], **options: Any) -> GAN:
    """Return a game of another class made of copies of a game's parts."""
    parts = copy.deepcopy((module.task, module.discriminator, module.loss))
    return kind(*parts, **options)
