"""Data sets as LightningDataModules, whole in memory."""

from gan_lab.data.base import InMemoryDataModule, Samples
from gan_lab.data.cifar10 import CIFAR10DataModule
from gan_lab.data.fashion_mnist import FashionMNISTDataModule
from gan_lab.data.image_folder import ImageFolderDataModule
from gan_lab.data.loader import BatchLoader, to_unit_range
from gan_lab.data.mixtures import (
    GridDataModule,
    Mixture,
    MixtureDataModule,
    RingDataModule,
    SpiralDataModule,
    SwissRollDataModule,
)
from gan_lab.data.mnist import MNISTDataModule
from gan_lab.data.stacked_mnist import StackedMNISTDataModule

__all__ = [
    "BatchLoader",
    "CIFAR10DataModule",
    "FashionMNISTDataModule",
    "GridDataModule",
    "ImageFolderDataModule",
    "InMemoryDataModule",
    "MNISTDataModule",
    "Mixture",
    "MixtureDataModule",
    "RingDataModule",
    "Samples",
    "SpiralDataModule",
    "StackedMNISTDataModule",
    "SwissRollDataModule",
    "to_unit_range",
]
