"""What every data set shares: in-memory splits and loaders over them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor

from gan_lab.data.loader import BatchLoader
from gan_lab.errors import LabError


class Samples(NamedTuple):
    """A split: images (N, C, H, W) as uint8, or points (N, 2) as float, and labels (N,)."""

    images: Tensor
    labels: Tensor


class InMemoryDataModule(LightningDataModule, ABC):
    """A data set held whole in memory and served a step's worth of samples at a time.

    A subclass says how to obtain the files (``prepare_data``) and how to read
    a split (``load``).

    Args:
        image_shape: Shape of one sample, (channels, height, width) or (2,).
        batch_size: Samples a minibatch, for each process.
        batches_per_step: Minibatches a training step needs: one for each
            discriminator update (n_critic).
        validation_size: Training samples to hold out, the last of a seeded shuffle.
        seed: Of the order of training samples and of the hold-out.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        batch_size: int = 64,
        batches_per_step: int = 1,
        validation_size: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        for name, value in [("batch_size", batch_size), ("batches_per_step", batches_per_step)]:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if validation_size < 0:
            raise ValueError(f"validation_size must not be negative, got {validation_size}")
        self.image_shape = tuple(image_shape)
        self.batch_size = batch_size
        self.batches_per_step = batches_per_step
        self.validation_size = validation_size
        self.seed = seed
        self.train: Samples
        self.validation: Samples
        self.test: Samples

    @abstractmethod
    def load(self, train: bool) -> Samples:
        """Read the training or the test split."""

    def setup(self, stage: str | None = None) -> None:
        """Read the splits into memory, once.

        Raises:
            LabError: If the hold-out or a step leaves nothing to train on.
        """
        if hasattr(self, "train"):
            return
        images, labels = self.load(train=True)
        if self.validation_size >= len(images):
            raise LabError(
                f"data.validation_size must be below the {len(images)} training samples, "
                f"got {self.validation_size}"
            )
        kept = len(images) - self.validation_size
        if self.batch_size * self.batches_per_step > kept:
            raise LabError(
                f"data.batch_size × n_critic = {self.batch_size} × {self.batches_per_step} "
                f"is larger than the training set of {kept}; make it smaller"
            )
        if self.validation_size:
            generator = torch.Generator().manual_seed(self.seed)
            order = torch.randperm(len(images), generator=generator)
            held_out, order = order[kept:], order[:kept].sort().values
            self.validation = Samples(images[held_out], labels[held_out])
            images, labels = images[order], labels[order]
        else:
            self.validation = Samples(images[:0], labels[:0])
        self.train = Samples(images, labels)
        self.test = self.load(train=False)

    def train_dataloader(self) -> BatchLoader:
        """Return a loader whose batches hold ``batches_per_step`` minibatches."""
        rank, world_size, device = 0, 1, torch.device("cpu")
        if self.trainer is not None:
            rank, world_size = self.trainer.global_rank, self.trainer.world_size
            device = self.trainer.strategy.root_device
        return BatchLoader(
            self.train.images.to(device),
            self.train.labels.to(device),
            self.batch_size * self.batches_per_step,
            seed=self.seed,
            rank=rank,
            world_size=world_size,
        )
