"""The losses of the original paper: the minimax game and its non-saturating heuristic."""

import math

from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from gan_lab.contracts import AdversarialLoss


class Minimax(AdversarialLoss):
    r"""The zero-sum game of the paper; its generator saturates.

    .. math::
        \min_G \max_D V(D, G) = E_p[\log D(x)] + E_q[\log(1 - D(x))],
        \qquad D = \operatorname{sigmoid}(\text{logit})

    At the optimal discriminator :math:`V = 2\,JS(p, q) - \log 4`, so the value
    of the game at equilibrium is :math:`-\log 4`, not 0.

    References:
        Generative Adversarial Nets (Goodfellow et al. 2014), equation 1,
        arXiv 1406.2661. For ``real_label``: Improved Techniques for Training
        GANs (Salimans et al. 2016), section 3.4, arXiv 1606.03498.

    Args:
        real_label: The discriminator's target probability for real samples, in
            (0.5, 1]; below 1 it is one-sided label smoothing, 0.9 in the paper.

    Raises:
        ValueError: If ``real_label`` is out of range.

    Example:
        >>> import torch
        >>> zero = torch.zeros(4)
        >>> round(Minimax().discriminator(zero, zero).item(), 6)  # log 4
        1.386294
    """

    divergence_name = "Jensen-Shannon (nats), lower bound"

    def __init__(self, real_label: float = 1.0) -> None:
        super().__init__()
        if not 0.5 < real_label <= 1:
            raise ValueError(f"real_label must be in (0.5, 1], got {real_label}")
        self.real_label = real_label

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        # Cross entropy to the label l is softplus(-v) + (1 - l) v.
        smoothing = (1 - self.real_label) * real.mean()
        return softplus(-real).mean() + smoothing + softplus(fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return logsigmoid(-fake).mean()

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        # Of the unsmoothed value, which any logits bound from below.
        return math.log(2.0) - (softplus(-real).mean() + softplus(fake).mean()) / 2


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
