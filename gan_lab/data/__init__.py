"""Data sets as LightningDataModules: whole in memory, in one file, or streamed."""

from gan_lab.data.base import DataModule, InMemoryDataModule
from gan_lab.data.cifar10 import CIFAR10DataModule
from gan_lab.data.crops import CropLoader, Crops, CropsDataModule
from gan_lab.data.digits import (
    DigitDomainsDataModule,
    MNISTDigitsDataModule,
    MNISTMDataModule,
    MNISTViewsDataModule,
)
from gan_lab.data.domains import Domains, DomainsDataModule
from gan_lab.data.fashion_mnist import FashionMNISTDataModule
from gan_lab.data.image_folder import ImageFolderDataModule
from gan_lab.data.loader import BatchLoader
from gan_lab.data.mapping import write_mapped
from gan_lab.data.mesh_folder import MeshFolderDataModule
from gan_lab.data.mixtures import (
    GridDataModule,
    Mixture,
    MixtureDataModule,
    RingDataModule,
    SpiralDataModule,
    SwissRollDataModule,
)
from gan_lab.data.mnist import MNISTDataModule
from gan_lab.data.moving_mnist import MovingMNISTDataModule
from gan_lab.data.oracle import Oracle, OracleDataModule
from gan_lab.data.photographs import PhotographFolderDataModule, PhotographsDataModule
from gan_lab.data.samples import Samples
from gan_lab.data.shape_motion import ShapeMotionDataModule
from gan_lab.data.small_digits import SmallDigitsDataModule
from gan_lab.data.solids import SolidsDataModule
from gan_lab.data.speech import AudioFolderDataModule, SpokenDigitsDataModule
from gan_lab.data.stacked_mnist import StackedMNISTDataModule
from gan_lab.data.stored import MappedTensor, StoredTensor
from gan_lab.data.streaming import StreamingDataModule
from gan_lab.data.texts import TextFileDataModule, WordsDataModule
from gan_lab.data.trajectories import TrajectoriesDataModule
from gan_lab.data.two_folders import PairedFolderDataModule, UnpairedFolderDataModule
from gan_lab.data.unpaired import UnpairedLoader
from gan_lab.data.video_folder import VideoFolderDataModule

__all__ = [
    "AudioFolderDataModule",
    "BatchLoader",
    "CIFAR10DataModule",
    "CropLoader",
    "Crops",
    "CropsDataModule",
    "DataModule",
    "DigitDomainsDataModule",
    "Domains",
    "DomainsDataModule",
    "FashionMNISTDataModule",
    "GridDataModule",
    "ImageFolderDataModule",
    "InMemoryDataModule",
    "MNISTDataModule",
    "MNISTDigitsDataModule",
    "MNISTMDataModule",
    "MNISTViewsDataModule",
    "MappedTensor",
    "MeshFolderDataModule",
    "Mixture",
    "MixtureDataModule",
    "MovingMNISTDataModule",
    "Oracle",
    "OracleDataModule",
    "PairedFolderDataModule",
    "PhotographFolderDataModule",
    "PhotographsDataModule",
    "RingDataModule",
    "Samples",
    "ShapeMotionDataModule",
    "SmallDigitsDataModule",
    "SolidsDataModule",
    "SpiralDataModule",
    "SpokenDigitsDataModule",
    "StackedMNISTDataModule",
    "StoredTensor",
    "StreamingDataModule",
    "SwissRollDataModule",
    "TextFileDataModule",
    "TrajectoriesDataModule",
    "UnpairedFolderDataModule",
    "UnpairedLoader",
    "VideoFolderDataModule",
    "WordsDataModule",
    "write_mapped",
]
