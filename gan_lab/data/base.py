"""What every data set shares: splits and loaders over them."""

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.data.chosen import remaining, select, whole_numbers
from gan_lab.data.labelled import UNKNOWN, LabelledLoader, balanced
from gan_lab.data.loader import BatchLoader, Loader
from gan_lab.data.mapping import available_memory, cache_folder, mapped
from gan_lab.data.poisson import PoissonLoader
from gan_lab.data.samples import Samples
from gan_lab.data.stored import MappedTensor, StoredTensor
from gan_lab.errors import LabError
from gan_lab.media import Image


class DataModule(LightningDataModule, ABC):
    """A data set of three splits that serves a step's worth of minibatches at a time.

    Args:
        sample_shape: Shape of one sample, (channels, height, width) or (2,).
        batch_size: Samples a minibatch, for each process.
        seed: Of the order of training samples.

    Attributes:
        medium_class: What its samples are made of; :attr:`medium` is one of their shape.
        poisson: Whether its loader can hold each sample by a chance of its own.
        train: What is trained on; ``validation`` and ``test`` are what is not.

    Raises:
        ValueError: If a size is out of range.
    """

    medium_class: ClassVar[type[Medium]] = Image
    poisson: ClassVar[bool] = False
    train: Samples
    validation: Samples
    test: Samples

    def __init__(self, sample_shape: Sequence[int], batch_size: int = 64, seed: int = 0) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.sample_shape = whole_numbers(sample_shape)
        self.batch_size = batch_size
        self.seed = seed

    @property
    def medium(self) -> Medium:
        """Return what turns stored samples into what networks see."""
        return self.medium_class(self.sample_shape)

    def plain(self, images: Tensor, column: str = "x") -> Tensor:
        """Return images of a column (N, C, H, W) in [-1, 1] as classifiers know such; as they are.

        A set of several domains may have one that shows what a classifier knows in other colours.
        """
        return images

    def minibatches(self) -> int:
        """Return how many minibatches a step of the module in training takes, 1 without one.

        Raises:
            LabError: If they are more than the training set holds.
        """
        module = None if self.trainer is None else self.trainer.lightning_module
        count = int(getattr(module, "n_critic", 1))
        if self.batch_size * count > self.train.size:
            raise LabError(
                f"data.batch_size × n_critic = {self.batch_size} × {count} is larger than the "
                f"training set of {self.train.size}; make it smaller"
            )
        return count

    def transfer_batch_to_device(
        self, batch: Any, device: torch.device, dataloader_idx: int
    ) -> Any:
        """Leave a processor's batch where it is, of which Lightning would visit each tensor."""
        here = device.type == "cpu"
        return batch if here else super().transfer_batch_to_device(batch, device, dataloader_idx)

    def loader(
        self, samples: Samples, seed: int, kind: Callable[..., BatchLoader] = BatchLoader
    ) -> BatchLoader:
        """Return a loader of the samples, for this process and on the device that it works on.

        Args:
            samples: What is drawn from.
            seed: Of the order.
            kind: Builds the loader.
        """
        rank, world_size, device = 0, 1, torch.device("cpu")
        if self.trainer is not None:
            rank, world_size = self.trainer.global_rank, self.trainer.world_size
            device = self.trainer.strategy.root_device
        return kind(
            samples.images.to(device),
            samples.labels.to(device),
            self.batch_size,
            self.minibatches(),
            self.medium,
            seed=seed,
            rank=rank,
            world_size=world_size,
            beside={name: column.to(device) for name, column in samples.beside.items()},
        )


class InMemoryDataModule(DataModule, ABC):
    """A data set held whole in memory, or in a file where it would fill the memory.

    A subclass says how to obtain the files (``prepare_data``) and how to read
    a split (``load``). Batches are the same, bit for bit, from memory and file.

    Args:
        sample_shape: See :class:`DataModule`.
        batch_size: See :class:`DataModule`.
        validation_size: Training samples to hold out, the last of a seeded shuffle.
        seed: Of the order of training samples and of the hold-out.
        memory_share: Of the memory that is available, what uint8 samples may take;
            more of them are kept in a file (:func:`gan_lab.data.mapping.cache_folder`
            says where). 0 keeps them there in any case.
        labels: How many training samples' labels are known, equally many of each class by the seed;
            all by default. The others' are replaced by -1 before anything can read them, and known
            ones come beside each minibatch, as ``labelled_x`` and ``labelled_label``.
        size: How many training samples are kept, equally many of each class; all by default.
        leave_out: Classes of which no training sample is kept, as a test of anomalies wants it.

    Raises:
        ValueError: If a size is out of range.
    """

    poisson = True

    def __init__(
        self,
        sample_shape: Sequence[int],
        batch_size: int = 64,
        validation_size: int = 0,
        seed: int = 0,
        memory_share: float = 0.25,
        labels: int | None = None,
        size: int | None = None,
        leave_out: Sequence[int] = (),
    ) -> None:
        super().__init__(sample_shape, batch_size, seed)
        for name, value in (("labels", labels), ("size", size)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if validation_size < 0:
            raise ValueError(f"validation_size must not be negative, got {validation_size}")
        if not 0 <= memory_share <= 1:
            raise ValueError(f"memory_share must be between 0 and 1, got {memory_share}")
        self.validation_size = validation_size
        self.memory_share = memory_share
        self.labels = labels
        self.training_size, self.leave_out = size, tuple(leave_out)

    @abstractmethod
    def load(self, train: bool) -> Samples:
        """Read the training or the test split."""

    def setup(self, stage: str | None = None) -> None:
        """Read the splits, once.

        Raises:
            LabError: If the hold-out leaves nothing to train on.
        """
        if hasattr(self, "train"):
            return
        images, labels = self.split(train=True)
        if self.validation_size >= len(images):
            raise LabError(
                f"data.validation_size must be below the {len(images)} training samples, "
                f"got {self.validation_size}"
            )
        kept = len(images) - self.validation_size
        if self.validation_size:
            generator = torch.Generator().manual_seed(self.seed)
            order = torch.randperm(len(images), generator=generator)
            held_out, order = order[kept:], order[:kept].sort().values
            self.validation = Samples(select(images, held_out), labels[held_out])
            images, labels = select(images, order), labels[order]
        else:
            self.validation = Samples(images[:0], labels[:0])
        if self.training_size is not None or self.leave_out:
            index = remaining(labels, self.training_size, self.leave_out, self.seed)
            images, labels = select(images, index), labels[index]
        if self.labels is not None:
            known = balanced(labels, self.labels, self.seed)
            hidden = torch.full_like(labels, UNKNOWN)
            hidden[known] = labels[known]
            labels = hidden
        self.train = Samples(images, labels)
        self.test = self.split(train=False)

    def split(self, train: bool) -> Samples:
        """Return a split, with its images in a file where they would fill the memory."""
        images, labels = self.load(train)
        if isinstance(images, StoredTensor):
            return Samples(images, labels)
        if images.dtype != torch.uint8 or self.fits(len(images)):
            return Samples(images, labels)
        shape = str(list(images.shape)).encode()
        key = hashlib.sha256(shape + images.contiguous().numpy().tobytes()).hexdigest()
        return Samples(self.store(key, torch.split(images, 500), len(images)), labels)

    def fits(self, count: int, shape: Sequence[int] | None = None) -> bool:
        """Return whether ``count`` uint8 samples may be held in memory by each process here.

        Args:
            count: How many.
            shape: Of each; ``sample_shape`` by default.
        """
        processes = 1 if self.trainer is None else max(1, self.trainer.num_devices)
        allowed = self.memory_share * available_memory() / processes
        return count * math.prod(shape or self.sample_shape) <= allowed

    def store(
        self, key: str, batches: Iterable[Tensor], count: int, shape: Sequence[int] | None = None
    ) -> MappedTensor:
        """Return samples kept in the file of a key, which is made if it is not there.

        Args:
            key: Says what is in the file, as a digest does.
            batches: uint8 samples (n, *shape), not begun where the file is there.
            count: How many samples.
            shape: Of each; ``sample_shape`` by default.

        Raises:
            LabError: If the file cannot be written.
        """
        path = cache_folder(getattr(self, "root", None)) / f"{key}.npy"
        return mapped(path, batches, shape or self.sample_shape, count)

    def train_dataloader(self) -> Loader:
        """Return a loader whose steps hold :meth:`minibatches` minibatches."""
        kind = BatchLoader if self.labels is None else LabelledLoader
        module = None if self.trainer is None else self.trainer.lightning_module
        if getattr(getattr(module, "descent", None), "private", False):
            kind = PoissonLoader
        return self.loader(self.train, self.seed, kind)
