"""Data sets as LightningDataModules, whole in memory."""

from gan_lab.data.base import InMemoryDataModule, Samples
from gan_lab.data.loader import BatchLoader, to_unit_range
from gan_lab.data.mnist import MNISTDataModule

__all__ = [
    "BatchLoader",
    "InMemoryDataModule",
    "MNISTDataModule",
    "Samples",
    "to_unit_range",
]
