"""Softmax GAN: the samples of both batches share one probability."""

import math

import torch
from torch import Tensor

from gan_lab.contracts import AdversarialLoss


class Softmax(AdversarialLoss):
    r"""The discriminator gives all probability to real samples, the generator spreads it evenly.

    .. math::
        L_D = \ln Z - \operatorname{mean}_{B_+} v, \qquad
        L_G = \ln Z - \tfrac12 (\operatorname{mean}_{B_+} v + \operatorname{mean}_{B_-} v),
        \qquad Z = \tfrac12 (\operatorname{mean}_{B_+} e^v + \operatorname{mean}_{B_-} e^v)

    for logits v of the real and the generated batch. The paper sums in Z where means are taken
    here, which adds the constant :math:`\ln |B|` to both. At the optimal discriminator, whose
    logits are :math:`\ln p/m` up to a constant, :math:`L_D = -KL(p \| m)`, with
    :math:`m = (p + q)/2`.

    References:
        Softmax GAN (Lin 2017), section 3, arXiv 1704.06191.
    """

    needs_real = True
    divergence_name = "Kullback-Leibler to the middle (nats), lower bound"
    real_threshold = None

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return log_partition(real, fake) - real.mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return log_partition(real, fake) - (real.mean() + fake.mean()) / 2

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return -self.discriminator(real, fake)


def log_partition(real: Tensor, fake: Tensor) -> Tensor:
    """Return ln Z, a scalar, of logits (N, ...) and (M, ...)."""
    parts = [torch.logsumexp(v.flatten(), dim=0) - math.log(v.numel()) for v in (real, fake)]
    return torch.logsumexp(torch.stack(parts), dim=0) - math.log(2)
