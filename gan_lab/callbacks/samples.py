"""Pictures of what the generator draws."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor

from gan_lab.images import image_grid, save_png
from gan_lab.module import GAN


class SampleGrid(Callback):
    """Draws the same latents every n steps, as PNG and in TensorBoard.

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
        if trainer.global_step == 0 and trainer.is_global_zero and pl_module.draws_images:
            real = trainer.datamodule.train.images  # type: ignore[attr-defined]
            self._show(trainer, "real", image_grid(real[: self.num_samples]), 0)

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
        if not trainer.is_global_zero or not module.draws_images:
            return
        random = torch.Generator().manual_seed(self.seed)
        latents = torch.randn(self.num_samples, module.generator.latent_dim, generator=random)
        grid = image_grid(module.sample(latents))
        self._show(trainer, f"step={trainer.global_step:06d}", grid, trainer.global_step)

    def _show(self, trainer: Trainer, name: str, grid: Tensor, step: int) -> None:
        save_png(grid, self.folder / f"{name}.png")
        tag = "samples/real" if name == "real" else "samples/generated"
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image(tag, grid, step)
