"""Generated samples beside the training samples they resemble most."""

from pathlib import Path

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor

from gan_lab.callbacks.ema import averaged_task
from gan_lab.callbacks.pictures import captioned
from gan_lab.callbacks.substitutes import using
from gan_lab.game import GAN
from gan_lab.media import image_grid, to_bytes
from gan_lab.media.files import save_png
from gan_lab.metrics import nearest, seeded_batches
from gan_lab.metrics.reference import Stored, in_batches
from gan_lab.run.loggers import show_picture


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
        if not trainer.is_global_zero or pl_module.task.medium.name != "image":
            return
        with using(pl_module, averaged_task(trainer) or pl_module.task):
            (samples,) = seeded_batches(
                lambda count: pl_module.sample(count)["x"],
                self.num_samples,
                self.seed,
                batch_size=self.num_samples,
            )
        train = trainer.datamodule.train.images  # type: ignore[attr-defined]
        panel = captioned(
            neighbour_panel(samples, train, self.neighbours),
            "left: generated; beside each: the nearest training samples",
        )
        save_png(panel, self.folder / "nearest_neighbours.png")
        show_picture(trainer, "nearest_neighbours", panel)


def neighbour_panel(samples: Tensor, train: Tensor | Stored, neighbours: int) -> Tensor:
    """Return one uint8 image (C, H', W'), a row for each sample and its nearest training images.

    Args:
        samples: Shape (n, C, H, W), uint8 or in [-1, 1].
        train: Shape (N, C, H, W), likewise.
        neighbours: Training images in a row.
    """
    samples = to_bytes(samples).cpu()
    distances = torch.empty(len(samples), 0)
    found = samples[:, None][:, :0]
    for batch in in_batches(train, 10_000):  # which may lie on the disk
        images = to_bytes(batch).cpu()
        near, index = nearest(samples.flatten(1), images.flatten(1), min(neighbours, len(images)))
        distances, found = torch.cat([distances, near], 1), torch.cat([found, images[index]], 1)
        distances, order = distances.sort(dim=1, stable=True)
        distances, order = distances[:, :neighbours], order[:, :neighbours]
        found = found[torch.arange(len(samples))[:, None], order]
    rows = torch.cat([samples[:, None], found], dim=1)
    return image_grid(rows.flatten(0, 1), columns=neighbours + 1)
