"""Random crops of photographs, made as they are asked for."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import resize
from typing_extensions import Self

from gan_lab.data.base import DataModule
from gan_lab.data.image_folder import require_grey_or_colour
from gan_lab.data.loader import BatchLoader
from gan_lab.data.samples import Samples
from gan_lab.data.shipped import SPLITS, Split
from gan_lab.data.stored import StoredTensor
from gan_lab.errors import LabError


class Crops(StoredTensor):
    """Random crops of photographs, cut out when they are asked for.

    Which they are depends on (seed, epoch) alone; another epoch has others.

    Args:
        photographs: uint8, each (C, H, W) of at least the crops' size.
        shape: Of a crop, (C, height, width).
        count: Crops of an epoch.
        seed: Of the places that are cut out.
        epoch: Which one.
        flip: Whether every second crop is mirrored, at random.
    """

    def __init__(
        self,
        photographs: Sequence[Tensor],
        shape: Sequence[int],
        count: int,
        seed: int = 0,
        epoch: int = 0,
        flip: bool = True,
    ) -> None:
        self.photographs, self.seed, self.epoch, self.flip = photographs, seed, epoch, flip
        self.shape = torch.Size((count, *shape))
        random = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        draws = torch.rand(4, count, generator=random, dtype=torch.float64)
        sizes = torch.tensor([photograph.shape[1:] for photograph in photographs])
        which = (draws[0] * len(photographs)).long()
        room = sizes[which].T - torch.tensor(shape[1:])[:, None] + 1
        places = (draws[1:3] * room).long()
        mirrored = (draws[3] < 0.5) & flip
        self.table = torch.stack([which, *places, mirrored.long()], dim=1)

    def at(self, epoch: int) -> "Crops":
        """Return the crops of another epoch."""
        count, *shape = self.shape
        return Crops(self.photographs, shape, count, self.seed, epoch, self.flip)

    def read(self, rows: Tensor) -> Tensor:
        """Return rows; see :meth:`StoredTensor.read`."""
        made = torch.empty(len(rows), *self.shape[1:], dtype=torch.uint8)
        height, width = self.shape[2:]
        for target, (which, top, left, mirrored) in zip(
            made, self.table[rows].tolist(), strict=True
        ):
            crop = self.photographs[which][:, top : top + height, left : left + width]
            target.copy_(crop.flip(2) if mirrored else crop)
        return made

    def select(self, rows: Tensor) -> Self:
        """Return a view; see :meth:`StoredTensor.select`."""
        chosen = type(self).__new__(type(self))
        chosen.__dict__.update(self.__dict__)
        chosen.table = self.table[rows]
        chosen.shape = torch.Size((len(rows), *self.shape[1:]))
        return chosen

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the photographs and of what is cut out of them."""
        content = hashlib.sha256(self.table.numpy().tobytes())
        content.update(repr(tuple(self.shape)).encode())
        for photograph in self.photographs:
            content.update(photograph.contiguous().numpy().tobytes())
        return content.hexdigest()


class CropLoader(BatchLoader):
    """Steps of crops, other ones in every epoch; see :class:`BatchLoader`."""

    def _order(self, epoch: int) -> Tensor:
        assert isinstance(self.samples, Crops)
        self.samples = self.samples.at(epoch)
        return super()._order(epoch)


class CropsDataModule(DataModule, ABC):
    """Random crops of photographs, no two splits of one photograph.

    The training split has other crops in every epoch, the others always the same.

    Args:
        sample_shape: Of a crop, [channels, height, width] with 1 (grey) or 3 (RGB) channels.
        train_size: Crops in an epoch.
        validation_size: Crops of photographs that are left out of training, 0 for none.
        test_size: Crops of the photographs that are kept for measuring.
        scales: Sizes at which each photograph is cut, relative to its own; those at which a crop
            does not fit are left out.
        flip: Whether crops are mirrored at random.
        batch_size: See :class:`DataModule`.
        seed: Of the crops and of their order.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        sample_shape: Sequence[int] = (3, 64, 64),
        train_size: int = 20_000,
        validation_size: int = 0,
        test_size: int = 1000,
        scales: Sequence[float] = (1.0, 0.5),
        flip: bool = True,
        batch_size: int = 64,
        seed: int = 0,
    ) -> None:
        super().__init__(sample_shape, batch_size, seed)
        require_grey_or_colour(self.sample_shape)
        for name, value, least in [
            ("train_size", train_size, 1),
            ("validation_size", validation_size, 0),
            ("test_size", test_size, 1),
        ]:
            if value < least:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        if not scales or not all(0 < scale <= 1 for scale in scales):
            raise ValueError(f"scales must lie above 0 and up to 1, got {list(scales)}")
        self.sizes: dict[Split, int] = {
            "train": train_size,
            "validation": validation_size,
            "test": test_size,
        }
        self.scales, self.flip = scales, flip

    @abstractmethod
    def photographs(self, split: Split) -> list[Tensor]:
        """Return a split's photographs as uint8 images (C, H, W) of the right channels."""

    def setup(self, stage: str | None = None) -> None:
        """Read the photographs, once.

        Raises:
            LabError: If in none of a split's photographs there is room for a crop.
        """
        if hasattr(self, "train"):
            return
        self.train, self.validation, self.test = map(self.crops, SPLITS)

    def crops(self, split: Split) -> Samples:
        """Return a split's crops."""
        count = self.sizes[split]
        if not count:
            empty = torch.empty(0, *self.sample_shape, dtype=torch.uint8)
            return Samples(empty, torch.empty(0, dtype=torch.long))
        found = self.photographs(split)
        images = [scaled(photograph, scale) for photograph in found for scale in self.scales]
        height, width = self.sample_shape[1:]
        fitting = [im for im in images if im.shape[1] >= height and im.shape[2] >= width]
        if not fitting:
            raise LabError(
                f"no photograph of the {split} split has room for a crop of "
                f"{height} × {width} pixels; make data.sample_shape smaller"
            )
        seed = 3 * self.seed + SPLITS.index(split)
        crops = Crops(fitting, self.sample_shape, count, seed, flip=self.flip)
        return Samples(crops, torch.zeros(count, dtype=torch.long))

    def train_dataloader(self) -> BatchLoader:
        """Return a loader whose steps hold as many minibatches as the module in training wants."""
        return self.loader(self.train, self.seed, CropLoader)


def scaled(photograph: Tensor, scale: float) -> Tensor:
    """Return a photograph (C, H, W) at a size relative to its own, without aliasing."""
    if scale == 1:
        return photograph
    size = [max(1, round(side * scale)) for side in photograph.shape[1:]]
    smaller: Tensor = resize(photograph, size, antialias=True)
    return smaller
