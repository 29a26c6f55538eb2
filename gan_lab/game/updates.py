"""How a player's parameters are moved, through Lightning and its precisions and strategies."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, cast

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gan_lab.contracts import PLAYERS, Descent, Discriminator, Player, Round, Sample, Task, Turn
from gan_lab.descents import Private
from gan_lab.errors import LabError
from gan_lab.game import checks
from gan_lab.game.private import begin_account

ACCOUNT_KEY = "privacy"
"""Where a checkpoint keeps the account of a private descent."""


class Updates(LightningModule):
    """The mechanics of a two-player module: optimizers, clipping, schedules, replays."""

    task: Task
    discriminator: Discriminator
    descent: Descent
    n_critic: int
    gradient_clip_val: float | None
    gradient_clip_algorithm: Literal["norm", "value"]
    build_optimizers: tuple[Callable[..., Optimizer], Callable[..., Optimizer]]
    build_scheduler: Callable[[Optimizer], LRScheduler] | None
    objective: Callable[[Player, Round], tuple[Tensor, Turn]]
    k: int = 1
    checked: bool = False
    first_step: int = 0

    def on_fit_start(self) -> None:
        """Give each process noise of its own; check that data and trainer fit the game.

        Raises:
            LabError: If they do not.
        """
        trainer = self.trainer
        data = getattr(trainer, "datamodule", None)
        checks.refuse_data(self, data)
        checks.introduce(self.task, data)
        checks.introduce(self.discriminator, data)
        if self.descent.replays and (trainer.world_size > 1 or trainer.precision == "16-mixed"):
            raise LabError(
                f"descent={type(self.descent).__name__.lower()} takes gradients past the backward "
                "pass, which several processes and precision 16-mixed rely on; use one process "
                "and 32-true or bf16-mixed, or descent=plain"
            )
        if self.descent.private:
            begin_account(self)
        if trainer.world_size > 1:  # Lightning seeds all alike
            torch.manual_seed(torch.initial_seed() + 1_000_003 * self.global_rank)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the account of a private descent."""
        if isinstance(self.descent, Private):
            checkpoint[ACCOUNT_KEY] = self.descent.account()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take it up."""
        self.first_step = checkpoint["global_step"]
        if isinstance(self.descent, Private):
            self.descent.resume(checkpoint.get(ACCOUNT_KEY))

    def updates(self, player: Player) -> int:
        """Return how many updates of a player there will have been after the present one."""
        step: int = self.trainer.global_step
        return step * self.n_critic + self.k if player == "discriminator" else step + 1

    def parameters_of(self, player: Player) -> list[Tensor]:
        """Return what a player moves: all of its side that is not frozen."""
        side = self.discriminator if player == "discriminator" else self.task
        return [parameter for parameter in side.parameters() if parameter.requires_grad]

    def minimise(self, player: Player, loss: Tensor, counted: bool = True) -> None:
        """Take one optimizer step down a loss; see :meth:`step`."""
        forget_gradients(self.optimizer_of(player))
        self.manual_backward(loss)
        self.step(player, counted)

    def move(self, player: Player, gradients: Sequence[Tensor]) -> None:
        """Take one optimizer step along given gradients."""
        for parameter, gradient in zip(self.parameters_of(player), gradients, strict=True):
            parameter.grad = gradient.detach()
        self.step(player)

    def step(self, player: Player, counted: bool = True) -> None:
        """Let a player's optimizer step; only the generator's counts as a step of the trainer.

        Args:
            player: Whose.
            counted: Whether that is so, as it is not of those before the last on one round.
        """
        if player == "generator" and counted:
            cast(list[LightningOptimizer], self.optimizers())[1].step()
        else:
            self.trainer.strategy.optimizer_step(self.optimizer_of(player), lambda: None)

    def rest(self) -> None:
        """Let a step count in which the generator does not move, as it has no gradients."""
        forget_gradients(self.optimizer_of("generator"))
        self.step("generator")
        self.advance_schedules()

    def optimizer_of(self, player: Player) -> Optimizer:
        """Return a player's optimizer, bare of Lightning's wrapper, which counts steps."""
        optimizers = cast(list[Optimizer], self.optimizers(use_pl_optimizer=False))
        return optimizers[PLAYERS.index(player)]

    def backward(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take gradients outside of autocast, which would halve second derivatives' precision."""
        with torch.autocast(loss.device.type, enabled=False):
            super().backward(loss, *args, **kwargs)

    def configure_optimizers(self) -> Any:
        """Return [discriminator's optimizer, generator's optimizer] and their schedules."""
        pairs = zip(PLAYERS, self.build_optimizers, strict=True)
        optimizers = [build(self.parameters_of(player)) for player, build in pairs]
        if self.build_scheduler is None:
            return optimizers
        return optimizers, [self.build_scheduler(optimizer) for optimizer in optimizers]

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradients, which any loss scaling has left by now.

        Lightning's own clipping refuses fused optimizers under every mixed precision, though
        only 16-mixed scales losses.

        Raises:
            LabError: If a fused optimizer would undo loss scaling only later, within its step.
        """
        if self.gradient_clip_val is None:
            return
        if self.trainer.precision == "16-mixed" and optimizer.defaults.get("fused"):
            raise LabError(
                "gradient_clip_val sees the gradients of a fused optimizer before loss scaling "
                "has left them; use optimizer.generator.fused=false and "
                "optimizer.discriminator.fused=false, or trainer.precision=bf16-mixed"
            )
        parameters, limit = moved_by(optimizer), self.gradient_clip_val
        if self.gradient_clip_algorithm == "norm":
            nn.utils.clip_grad_norm_(parameters, limit)
        else:
            nn.utils.clip_grad_value_(parameters, limit)

    def advance_schedules(self) -> None:
        """Advance both players' learning rates by a step."""
        if self.build_scheduler is not None:
            for scheduler in cast(list[LRScheduler], self.lr_schedulers()):
                scheduler.step()

    def remember(self, minibatch: Sample) -> None:
        """Note a minibatch and the random numbers that are about to be drawn for it."""
        self._replayed = minibatch, torch.get_rng_state(), self.device_random()

    def device_random(self) -> Tensor | None:
        """Return the state of the module's device's generator, where it is no processor."""
        return torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None

    def replay(self) -> Round:
        """Play the noted minibatch again, with the same random numbers and a graph."""
        minibatch, state, device_state = self._replayed
        devices = [self.device] if device_state is not None else []
        with torch.random.fork_rng(devices), torch.enable_grad():
            torch.set_rng_state(state)
            if device_state is not None:
                torch.cuda.set_rng_state(device_state, self.device)
            return cast(Round, self.task(minibatch))

    @contextmanager
    def one_step_ahead(self) -> Iterator[None]:
        """Let both players stand, for a while, where a plain step would take them."""
        round = self.replay()
        steps = {}
        for player in PLAYERS:
            loss, _ = self.objective(player, round)
            with torch.autocast(loss.device.type, enabled=False):
                steps[player] = torch.autograd.grad(
                    loss, self.parameters_of(player), retain_graph=True, materialize_grads=True
                )
        parameters = [p for player in PLAYERS for p in self.parameters_of(player)]
        places = [parameter.detach().clone() for parameter in parameters]
        states = {p: copy.deepcopy(self.optimizer_of(p).state_dict()) for p in PLAYERS}
        try:
            for player in PLAYERS:
                for parameter, step in zip(self.parameters_of(player), steps[player], strict=True):
                    parameter.grad = step
                self.optimizer_of(player).step()
            yield
        finally:
            with torch.no_grad():
                for parameter, place in zip(parameters, places, strict=True):
                    parameter.copy_(place)
            for player, state in states.items():
                self.optimizer_of(player).load_state_dict(state)


def moved_by(optimizer: Optimizer) -> list[Tensor]:
    """Return the parameters that an optimizer moves."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def forget_gradients(optimizer: Optimizer) -> None:
    """Do as ``zero_grad``, which would tell the profiler too, at ten times the cost."""
    for parameter in moved_by(optimizer):
        parameter.grad = None


@contextmanager
def held_fixed(parameters: Iterable[Tensor] | nn.Module) -> Iterator[None]:
    """Record no gradients for parameters, or those of a network, while this lasts.

    A term that must not move a part of its own side, such as BicycleGAN's latent
    regression, judges anew within it.
    """
    if isinstance(parameters, nn.Module):
        parameters = parameters.parameters()
    moving = [parameter for parameter in parameters if parameter.requires_grad]
    for parameter in moving:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in moving:
            parameter.requires_grad_(True)
