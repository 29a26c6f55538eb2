"""Boundary-seeking GAN."""

from torch import Tensor

from gan_lab.contracts import AdversarialLoss
from gan_lab.losses.minimax import Minimax


class BoundarySeeking(AdversarialLoss):
    r"""The minimax discriminator against a generator that seeks its decision boundary.

    .. math:: L_G = \tfrac12 E_q[(\log D(x) - \log(1 - D(x)))^2] = \tfrac12 E_q[\text{logit}^2]

    At the optimal discriminator :math:`L_G = \tfrac12 E_q[(\log p/q)^2]`, least where q = p.

    References:
        Boundary-Seeking Generative Adversarial Networks (Hjelm et al. 2018), section 2.4, arXiv
        1702.08431, for continuous data.
    """

    divergence_name = Minimax.divergence_name

    def __init__(self) -> None:
        super().__init__()
        self.minimax = Minimax()

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.minimax.discriminator(real, fake)

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return fake.square().mean() / 2

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.minimax.divergence(real, fake)
