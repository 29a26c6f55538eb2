"""gan_lab: a laboratory for adversarial training."""

__version__ = "0.1.0"
