"""Hinge loss."""

from torch import Tensor
from torch.nn.functional import relu

from gan_lab.contracts import AdversarialLoss


class Hinge(AdversarialLoss):
    r"""A margin loss for the discriminator, a linear one for the generator.

    .. math::
        L_D = E_p[\max(0, 1 - D(x))] + E_q[\max(0, 1 + D(x))],
        \qquad L_G = -E_q[D(x)]

    At the optimal discriminator :math:`L_D = 2 - 2\,TV(p, q)`.

    References:
        Geometric GAN (Lim and Ye 2017), arXiv 1705.02894. Spectral
        Normalization for Generative Adversarial Networks (Miyato et al. 2018),
        equations 16 and 17, arXiv 1802.05957.
    """

    divergence_name = "total variation (0 to 1), lower bound"

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return relu(1 - real).mean() + relu(1 + fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return -fake.mean()

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return 1 - self.discriminator(real, fake) / 2
