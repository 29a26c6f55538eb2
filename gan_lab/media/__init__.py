"""What samples are made of: how each medium is stored, shown and read."""

from gan_lab.media.image import Image, image_grid, quantise, to_bytes
from gan_lab.media.points import Points
from gan_lab.media.video import Video
from gan_lab.media.voxels import Voxels

__all__ = ["Image", "Points", "Video", "Voxels", "image_grid", "quantise", "to_bytes"]
