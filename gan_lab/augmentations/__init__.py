"""What samples go through before the discriminator judges them."""

from gan_lab.augmentations.adaptive import AdaptiveAugmentation
from gan_lab.augmentations.base import Augmentation
from gan_lab.augmentations.diffaugment import (
    Brightness,
    Contrast,
    Cutout,
    DiffAugment,
    Saturation,
    Translation,
)
from gan_lab.augmentations.noise import InstanceNoise

__all__ = [
    "AdaptiveAugmentation",
    "Augmentation",
    "Brightness",
    "Contrast",
    "Cutout",
    "DiffAugment",
    "InstanceNoise",
    "Saturation",
    "Translation",
]
