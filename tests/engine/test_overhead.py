"""What the trainer's shortcuts must not change: which hooks run, and what they see."""

import platform
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import LambdaCallback

from gan_lab.contracts import AdversarialLoss
from gan_lab.data import BatchLoader
from gan_lab.engine.overhead import STEP_HOOKS, Unprofiled, keep_freed_memory, skip_idle_hooks
from gan_lab.engine.trainer import build_trainer
from gan_lab.game import GAN
from tests.game.playing import weights
from tests.game.test_module import game


class Idle(Callback):
    pass


class Watcher(Callback):
    """Notes every hook of a step that is called."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def on_train_batch_start(self, *_: Any) -> None:
        self.called.append("on_train_batch_start")

    def on_before_backward(self, *_: Any) -> None:
        self.called.append("on_before_backward")

    def on_after_backward(self, *_: Any) -> None:
        self.called.append("on_after_backward")

    def on_before_optimizer_step(self, *_: Any) -> None:
        self.called.append("on_before_optimizer_step")

    def on_train_batch_end(self, *_: Any) -> None:
        self.called.append("on_train_batch_end")


class Child(Watcher):
    pass


def fit_game(trainer: Trainer, loss: AdversarialLoss | None = None, **options: Any) -> torch.Tensor:
    """Return all weights of the small game after training it."""
    module = game(loss, **options)
    torch.manual_seed(1)
    images = torch.rand(64, 1, 4, 4, generator=torch.Generator().manual_seed(2))
    trainer.fit(
        module, BatchLoader(images, torch.zeros(64), 16 // module.n_critic, module.n_critic)
    )
    return torch.cat([weights(module.task), weights(module.discriminator)]).cpu()


def test_only_empty_hooks_are_passed_by() -> None:
    idle, watcher, child = Idle(), Watcher(), Child()
    told: list[str] = []
    given = LambdaCallback(on_train_batch_end=lambda *_: told.append("on_train_batch_end"))
    trainer = build_trainer(1, accelerator="cpu", callbacks=[idle, watcher, child, given])
    fit_game(trainer, n_critic=2)
    update = ["on_before_backward", "on_after_backward", "on_before_optimizer_step"]
    expected = ["on_train_batch_start", *3 * update, "on_train_batch_end"]
    assert watcher.called == child.called == expected
    assert set(expected) == set(STEP_HOOKS)
    assert all(getattr(idle, hook) is None for hook in STEP_HOOKS)
    assert told == ["on_train_batch_end"]


def test_a_module_keeps_the_hooks_of_its_own() -> None:
    class Own(GAN):
        def on_after_backward(self) -> None: ...

    module = game()
    module.__class__ = Own
    skip_idle_hooks([module])
    kept = {hook for hook in STEP_HOOKS if getattr(module, hook) is not None}
    assert kept == {"on_after_backward", "on_before_optimizer_step"}  # the last one clips


def test_shortcuts_change_no_weight_in_fifty_steps() -> None:
    def plain() -> Trainer:
        return Trainer(
            max_steps=50,
            max_epochs=-1,
            accelerator="cpu",
            callbacks=[Idle(), Watcher()],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    short = build_trainer(50, accelerator="cpu", callbacks=[Idle(), Watcher()])
    assert isinstance(short.profiler, Unprofiled)  # type: ignore[attr-defined]
    assert torch.equal(fit_game(plain()), fit_game(short))


def test_freed_memory_is_kept_by_glibc_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert not keep_freed_memory()


def test_where_memory_comes_from_changes_no_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_lab.engine.trainer.keep_freed_memory", lambda: False)
    returned = fit_game(build_trainer(50, accelerator="cpu"))
    monkeypatch.undo()
    assert torch.equal(returned, fit_game(build_trainer(50, accelerator="cpu")))


def test_a_profiler_that_is_asked_for_is_used() -> None:
    trainer = build_trainer(1, accelerator="cpu", profiler="simple")
    assert not isinstance(trainer.profiler, Unprofiled)  # type: ignore[attr-defined]
    fit_game(trainer, n_critic=2)
    assert any("training_step" in name for name in trainer.profiler.recorded_durations)  # type: ignore[attr-defined]
