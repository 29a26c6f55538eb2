"""What makes a source of a sample that is to be restored; on its device, chained at will."""

from gan_lab.degradations.base import Degradation
from gan_lab.degradations.compression import JPEG
from gan_lab.degradations.masks import Mask
from gan_lab.degradations.pixels import Blur, Downsample, Greyscale, Noise

__all__ = ["JPEG", "Blur", "Degradation", "Downsample", "Greyscale", "Mask", "Noise"]
