"""Generators and discriminators."""

from gan_lab.models.base import Discriminator, Generator
from gan_lab.models.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_lab.models.infogan import InfoGANDiscriminator, InfoGANGenerator
from gan_lab.models.mlp import MLPDiscriminator, MLPGenerator
from gan_lab.models.r3gan import R3GANDiscriminator, R3GANGenerator
from gan_lab.models.resnet import ResNetDiscriminator, ResNetGenerator

__all__ = [
    "DCGANDiscriminator",
    "DCGANGenerator",
    "Discriminator",
    "Generator",
    "InfoGANDiscriminator",
    "InfoGANGenerator",
    "MLPDiscriminator",
    "MLPGenerator",
    "R3GANDiscriminator",
    "R3GANGenerator",
    "ResNetDiscriminator",
    "ResNetGenerator",
]
