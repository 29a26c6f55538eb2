"""Losses on the difference between real and generated logits."""

import math

from torch import Tensor
from torch.nn.functional import softplus

from gan_lab.contracts import AdversarialLoss


class RelativisticPairing(AdversarialLoss):
    r"""Each real sample is judged against one generated sample.

    .. math::
        L_D = E_{p \otimes q}[\operatorname{softplus}(-(D(x) - D(y)))],
        \qquad L_G = E_{p \otimes q}[\operatorname{softplus}(-(D(y) - D(x)))]

    At the optimal discriminator
    :math:`L_D = \log 2 - JS(p \otimes q, q \otimes p)`. A logit alone means
    nothing: a constant added to all of them changes no loss.

    References:
        The relativistic discriminator: a key element missing from standard GAN
        (Jolicoeur-Martineau 2018), section 4.1, arXiv 1807.00734. The GAN is
        dead; long live the GAN! (Huang et al. 2024), equation 2, arXiv
        2501.05441.
    """

    needs_real = True
    divergence_name = "Jensen-Shannon of pairs (real, fake) and (fake, real) (nats), lower bound"
    real_threshold = None

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(fake - real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(real - fake).mean()

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return math.log(2.0) - self.discriminator(real, fake)


class RelativisticAverage(AdversarialLoss):
    r"""Each sample is judged against the average of the other kind.

    .. math::
        L_D = E_p[\operatorname{softplus}(-(D(x) - E_q D))]
            + E_q[\operatorname{softplus}(D(y) - E_p D)]

    and the generator's loss exchanges p and q. The averages are the batch's.

    References:
        Jolicoeur-Martineau 2018, section 4.2, arXiv 1807.00734. On Relativistic
        f-Divergences (Jolicoeur-Martineau 2019), arXiv 1901.02474.
    """

    needs_real = True
    divergence_name = "relativistic average divergence (nats), lower bound"
    real_threshold = None

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(fake.mean() - real).mean() + softplus(fake - real.mean()).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.discriminator(fake, real)

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return math.log(4.0) - self.discriminator(real, fake)
