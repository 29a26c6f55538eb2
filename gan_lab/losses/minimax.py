"""The losses of the original paper: the minimax game and its non-saturating heuristic."""

import math

from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from gan_lab.losses.base import AdversarialLoss


class Minimax(AdversarialLoss):
    r"""The zero-sum game of the paper; its generator saturates.

    .. math::
        \min_G \max_D V(D, G) = E_p[\log D(x)] + E_q[\log(1 - D(x))],
        \qquad D = \operatorname{sigmoid}(\text{logit})

    At the optimal discriminator :math:`V = 2\,JS(p, q) - \log 4`, so the value
    of the game at equilibrium is :math:`-\log 4`, not 0.

    References:
        Generative Adversarial Nets (Goodfellow et al. 2014), equation 1,
        arXiv 1406.2661.

    Example:
        >>> import torch
        >>> zero = torch.zeros(4)
        >>> round(Minimax().discriminator(zero, zero).item(), 6)  # log 4
        1.386294
    """

    divergence_name = "Jensen-Shannon (nats), lower bound"

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-real).mean() + softplus(fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return logsigmoid(-fake).mean()

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return math.log(2.0) - self.discriminator(real, fake) / 2


class NonSaturating(Minimax):
    r"""The minimax discriminator against a generator that maximises :math:`E_q[\log D(x)]`.

    The game is no longer zero-sum. At the optimal discriminator the generator's
    loss is :math:`\log 2 + KL(q \| p) - KL(q \| m)`, with :math:`m = (p + q)/2`.

    References:
        Generative Adversarial Nets (Goodfellow et al. 2014), section 3,
        arXiv 1406.2661. Towards Principled Methods for Training Generative
        Adversarial Networks (Arjovsky and Bottou 2017), theorem 2.5,
        arXiv 1701.04862.
    """

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-fake).mean()
