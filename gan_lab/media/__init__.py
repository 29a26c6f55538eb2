"""What samples are made of: how each medium is stored, shown and read."""

from gan_lab.media.image import Image, image_grid, quantise, to_bytes
from gan_lab.media.points import Points

__all__ = ["Image", "Points", "image_grid", "quantise", "to_bytes"]
