"""Wasserstein GAN."""

from torch import Tensor

from gan_lab.contracts import AdversarialLoss


class Wasserstein(AdversarialLoss):
    r"""The critic's dual form of the earth mover's distance.

    .. math::
        W_1(p, q) = \sup_{\|D\|_L \le 1} E_p[D(x)] - E_q[D(x)]

    The loss alone does not make the critic Lipschitz: weight clipping, a
    gradient penalty or spectral norm does. A critic that is K-Lipschitz
    estimates :math:`K\,W_1`.

    References:
        Wasserstein GAN (Arjovsky et al. 2017), equation 2 and algorithm 1,
        arXiv 1701.07875.
    """

    divergence_name = "Wasserstein-1, times the critic's Lipschitz constant"
    real_threshold = None

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return fake.mean() - real.mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return -fake.mean()

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.mean() - fake.mean()
