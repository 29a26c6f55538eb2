"""A game whose generating side has a hand in both kinds of samples."""

from torch import Tensor

from gan_lab.contracts import AdversarialLoss


class Symmetric(AdversarialLoss):
    r"""The generating side plays the discriminator's game with the kinds exchanged.

    .. math:: L_G(p, q) = L_D(q, p)

    So gradients reach what made the real side too, such as the encoder of a
    bidirectional GAN.

    References:
        Adversarial Feature Learning (Donahue et al. 2017), section 3.4, arXiv
        1605.09782. Adversarially Learned Inference (Dumoulin et al. 2017),
        section 2.2, arXiv 1606.00704.

    Args:
        loss: What the discriminator plays for.
    """

    needs_real = True

    def __init__(self, loss: AdversarialLoss) -> None:
        super().__init__()
        self.loss = loss
        self.divergence_name = loss.divergence_name
        self.real_threshold, self.real_sign = loss.real_threshold, loss.real_sign

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.loss.discriminator(real, fake)

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.loss.discriminator(fake, real)

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.loss.divergence(real, fake)
