"""What a policy earns, beside the expert and beside chance."""

import logging
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from pytorch_lightning import Callback, Trainer
from torch import Tensor

from gan_lab.callbacks.accuracy import tell
from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.game import GAN

log = logging.getLogger(__name__)

FIRST = 900_000_000
"""Seed of the first episode that is measured; no policy and no expert begins as these do."""


class PolicyReturns(Callback):
    """Plays episodes with the policy as it stands, and draws one when training ends.

    Logs ``return/policy`` with ``return/deviation`` over episodes; at the start ``return/expert``,
    of the trajectories that are learnt from where they were played here, and ``return/random``, of
    actions that are drawn evenly. All begin alike. The rewards are the environment's, which the
    policy never sees.

    Args:
        folder: Where policy.gif goes.
        every_n_steps: Steps between measurements, positive; the last step is always measured.
        episodes: Of each measurement, positive.
        likeliest: Whether the likeliest action is taken, or one is drawn, as in training.
        animation: Whether to draw an episode.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self,
        folder: str | Path,
        every_n_steps: int = 50,
        episodes: int = 50,
        likeliest: bool = False,
        animation: bool = True,
    ) -> None:
        for name, value in (("every_n_steps", every_n_steps), ("episodes", episodes)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.folder, self.every_n_steps, self.episodes = Path(folder), every_n_steps, episodes
        self.likeliest, self.animation = likeliest, animation

    def on_train_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Tell what expert and chance earn.

        Raises:
            LabError: If there is no policy.
        """
        task: Any = pl_module.task
        if not hasattr(task, "environment"):
            raise LabError(
                f"the task {type(task).__name__} has no policy that could earn anything; "
                "use callbacks.returns=null, or experiment=gail"
            )
        known = getattr(trainer.datamodule, "expert_returns", torch.empty(0))  # type: ignore[attr-defined]
        figures = {"return/expert": float(known.mean())} if len(known) else {}
        random = torch.Generator().manual_seed(0)

        def guess(states: Tensor) -> Tensor:
            return torch.randint(task.environment.actions, (len(states),), generator=random)

        played = task.environment.play(guess, self.seeds())
        tell(trainer, figures | {"return/random": float(played.returns.mean())})

    def seeds(self) -> range:
        """Return the episodes' seeds."""
        return range(FIRST, FIRST + self.episodes)

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Measure where it is due."""
        step = trainer.global_step
        if step % self.every_n_steps and step != trainer.max_steps:
            return
        with torch.random.fork_rng():
            torch.manual_seed(step)
            earned = self.play(pl_module).returns
        deviation = float(earned.std()) if len(earned) > 1 else 0.0
        tell(trainer, {"return/policy": float(earned.mean()), "return/deviation": deviation})

    def play(self, module: GAN, frames: bool = False) -> Any:
        """Return the episodes, or the first alone, drawn."""
        task: Any = module.task
        seeds = self.seeds()[:1] if frames else self.seeds()
        act = task.likeliest if self.likeliest else task.act
        return task.environment.play(act, seeds, frames)

    def on_train_end(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Draw an episode into policy.gif."""
        if not self.animation or not trainer.is_global_zero:
            return
        try:
            with torch.random.fork_rng():
                torch.manual_seed(0)
                frames = self.play(pl_module, frames=True).frames
        except LabError as error:  # without what draws, the run is none the worse
            log.warning("policy.gif is not drawn: %s", error)
            return
        pictures = [Image.fromarray(frame).resize((240, 160)) for frame in frames[::2]]
        with written_whole(self.folder / "policy.gif") as file:
            pictures[0].save(
                file, "GIF", save_all=True, append_images=pictures[1:], duration=60, loop=0
            )
