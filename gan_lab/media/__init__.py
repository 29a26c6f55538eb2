"""What samples are made of: how each medium is stored, shown and read."""

from gan_lab.media.audio import Audio
from gan_lab.media.image import Image, image_grid, quantise, to_bytes
from gan_lab.media.points import Points
from gan_lab.media.spectra import LogMel
from gan_lab.media.text import Text
from gan_lab.media.video import Video
from gan_lab.media.vocabulary import Vocabulary
from gan_lab.media.voxels import Voxels

__all__ = [
    "Audio",
    "Image",
    "LogMel",
    "Points",
    "Text",
    "Video",
    "Vocabulary",
    "Voxels",
    "image_grid",
    "quantise",
    "to_bytes",
]
