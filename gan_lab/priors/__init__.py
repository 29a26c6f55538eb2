"""Where latents come from: the only room that draws them."""

from gan_lab.contracts import Prior
from gan_lab.priors.clustered import Clustered
from gan_lab.priors.coded import Coded
from gan_lab.priors.continuous import Normal, Uniform

__all__ = ["Clustered", "Coded", "Normal", "Prior", "Uniform"]
