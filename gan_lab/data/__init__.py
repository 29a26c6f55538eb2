"""Data sets as LightningDataModules: whole in memory, in one file, or streamed."""

from gan_lab.data.base import DataModule, InMemoryDataModule, Samples
from gan_lab.data.cifar10 import CIFAR10DataModule
from gan_lab.data.fashion_mnist import FashionMNISTDataModule
from gan_lab.data.image_folder import ImageFolderDataModule
from gan_lab.data.loader import BatchLoader
from gan_lab.data.mapping import write_mapped
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
from gan_lab.data.stored import MappedTensor, StoredTensor
from gan_lab.data.streaming import StreamingDataModule

__all__ = [
    "BatchLoader",
    "CIFAR10DataModule",
    "DataModule",
    "FashionMNISTDataModule",
    "GridDataModule",
    "ImageFolderDataModule",
    "InMemoryDataModule",
    "MNISTDataModule",
    "MappedTensor",
    "Mixture",
    "MixtureDataModule",
    "RingDataModule",
    "Samples",
    "SpiralDataModule",
    "StackedMNISTDataModule",
    "StoredTensor",
    "StreamingDataModule",
    "SwissRollDataModule",
    "write_mapped",
]
