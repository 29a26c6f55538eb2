"""Worlds that a policy acts in, and experts that know them."""

from gan_lab.environments.base import Environment, Episodes
from gan_lab.environments.experts import EXPERTS, expert

__all__ = ["EXPERTS", "Environment", "Episodes", "expert"]
