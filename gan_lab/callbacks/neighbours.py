"""Generated samples beside the training samples they resemble most."""

from pathlib import Path

import torch
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor

from gan_lab.callbacks.ema import averaged_generator
from gan_lab.callbacks.evaluation import using
from gan_lab.images import image_grid, save_png
from gan_lab.metrics import nearest, seeded_batches, to_bytes
from gan_lab.module import GAN


class NearestNeighbours(Callback):
    """Draws generated images beside their nearest training images when training ends.

    One row a sample: first the sample, then its neighbours by Euclidean
    distance of pixels, the nearest first. A copying generator repeats itself.

    Args:
        folder: Where nearest_neighbours.png goes.
        num_samples: Rows, positive.
        neighbours: Training images in a row, positive.
        seed: Of the samples.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self, folder: str | Path, num_samples: int = 8, neighbours: int = 7, seed: int = 0
    ) -> None:
        for name, value in [("num_samples", num_samples), ("neighbours", neighbours)]:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.folder = Path(folder)
        self.num_samples = num_samples
        self.neighbours = neighbours
        self.seed = seed

    def on_train_end(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Draw the panel."""
        if not trainer.is_global_zero or not pl_module.draws_images:
            return
        with using(pl_module, averaged_generator(trainer) or pl_module.generator):
            (samples,) = seeded_batches(
                lambda count: pl_module.sample(pl_module.noise(count)),
                self.num_samples,
                self.seed,
                batch_size=self.num_samples,
            )
        train = trainer.datamodule.train.images  # type: ignore[attr-defined]
        panel = neighbour_panel(samples, train, self.neighbours)
        save_png(panel, self.folder / "nearest_neighbours.png")
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image("nearest_neighbours", panel, trainer.global_step)


def neighbour_panel(samples: Tensor, train: Tensor, neighbours: int) -> Tensor:
    """Return one uint8 image (C, H', W'), a row for each sample and its nearest training images.

    Args:
        samples: Shape (n, C, H, W), uint8 or in [-1, 1].
        train: Shape (N, C, H, W), likewise.
        neighbours: Training images in a row.
    """
    samples, train = to_bytes(samples).cpu(), to_bytes(train).cpu()
    _, index = nearest(samples.flatten(1), train.flatten(1), neighbours)
    rows = torch.cat([samples[:, None], train[index]], dim=1)
    return image_grid(rows.flatten(0, 1), columns=neighbours + 1)
