"""Files that are whole or not there at all; see :mod:`gan_lab.files`."""

from gan_lab.files import written_whole

__all__ = ["written_whole"]
