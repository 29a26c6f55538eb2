"""The game itself: Algorithm 1, how samples are judged, and what goes together."""

from gan_lab.game.module import GAN
from gan_lab.game.phases import Phase

__all__ = ["GAN", "Phase"]
