"""Pictures of what the generator draws."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor

from gan_lab.callbacks.pictures import SCALE, captioned
from gan_lab.contracts import Medium
from gan_lab.game import GAN
from gan_lab.media.files import save_png
from gan_lab.run.loggers import show_picture

WIDE = 1200
"""Pixels that pictures of many pixels a sample are enlarged to at most: solids, filmstrips."""


class SampleGrid(Callback):
    """Draws the same latents every n steps, as PNG and where the loggers show pictures.

    Nothing is drawn of samples whose medium has nothing to show.

    Args:
        folder: Where PNG files go.
        every_n_steps: Steps between grids, positive.
        num_samples: Images in a grid, positive.
        seed: Of the latents, which no other random number depends on.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self,
        folder: str | Path,
        every_n_steps: int = 500,
        num_samples: int = 64,
        seed: int = 0,
    ) -> None:
        for name, value in [("every_n_steps", every_n_steps), ("num_samples", num_samples)]:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.folder = Path(folder)
        self.every_n_steps = every_n_steps
        self.num_samples = num_samples
        self.seed = seed
        self._drawn_step = -1

    def on_train_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Show real images once, beside which the others are judged."""
        medium = pl_module.task.medium
        if trainer.global_step == 0 and trainer.is_global_zero and medium.shown:
            real = trainer.datamodule.train.images[: self.num_samples]  # type: ignore[attr-defined]
            self._show(trainer, medium, "real", real)

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Draw a grid where one is due."""
        if trainer.global_step % self.every_n_steps == 0:
            self._draw(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Draw the last grid."""
        if self._drawn_step != trainer.global_step:
            self._draw(trainer, pl_module)

    def _draw(self, trainer: Trainer, module: GAN) -> None:
        self._drawn_step = trainer.global_step
        if not trainer.is_global_zero or not module.task.medium.shown:
            return
        samples = seeded_samples(module, self.num_samples, self.seed)
        self._show(trainer, module.task.medium, f"step={trainer.global_step:06d}", samples)

    def _show(self, trainer: Trainer, medium: Medium, name: str, samples: Tensor) -> None:
        tag = "samples/real" if name == "real" else "samples/generated"
        picture = medium.picture(samples)
        medium.sheet(samples, self.folder / name)  # texts and sounds have one
        if picture is None or medium.lasts:
            for logger in trainer.loggers:
                if isinstance(logger, TensorBoardLogger):
                    medium.log(logger.experiment, tag, samples, trainer.global_step)
        if picture is None:
            return
        what = "training samples" if name == "real" else f"{name}, the same latents at every step"
        scale = max(1, WIDE // max(picture.shape[1:])) if medium.lasts else SCALE
        page = captioned(picture, what, scale)
        save_png(page, self.folder / f"{name}.png")
        show_picture(trainer, tag, page)


def seeded_samples(module: GAN, count: int, seed: int) -> Tensor:
    """Return samples whose latents are a function of the seed alone."""
    random = torch.Generator().manual_seed(seed)
    return module.sample(count, module.task.latents(count, random))["x"]
