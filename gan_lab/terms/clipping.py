"""Weight clipping, the first way to a Lipschitz critic."""

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from gan_lab.contracts import Discriminator, Task
from gan_lab.terms.base import Constraint, require_positive


class WeightClipping(Constraint):
    r"""Clamp every weight of the critic to :math:`[-c, c]`.

    References:
        Wasserstein GAN (Arjovsky et al. 2017), algorithm 1, line 7,
        arXiv 1701.07875.

    Args:
        bound: c, positive; the paper's is 0.01.

    Raises:
        ValueError: If ``bound`` is not positive.
    """

    def __init__(self, bound: float = 0.01) -> None:
        super().__init__()
        self.bound = require_positive("bound", bound)

    @torch.no_grad()
    def project(self, discriminator: nn.Module) -> None:
        for parameter in discriminator.parameters():
            parameter.clamp_(-self.bound, self.bound)

    def check(self, task: Task, discriminator: Discriminator) -> None:
        if any(map(is_parametrized, discriminator.modules())):
            raise ValueError(
                "WeightClipping bounds weights that spectral norm rescales anyway; choose one"
            )
        if any(getattr(layer, "equalised", False) for layer in discriminator.modules()):
            raise ValueError(
                "WeightClipping would leave nothing of weights that are divided by the root of "
                "their fan-in in use (equalised learning rate); use regularizer=gradient_penalty"
            )
