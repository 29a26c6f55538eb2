"""Variational autoencoder and GAN in one."""

import torch
from torch import Tensor

from gan_lab.contracts import Medium, Prior, Round, Sample
from gan_lab.models import GaussianEncoder, Generator
from gan_lab.models.encoders import drawn
from gan_lab.tasks.bidirectional import Encoding


class VariationalGAN(Encoding):
    r"""A variational autoencoder whose decoder is a GAN's generator.

    .. math:: \text{real: } x, \qquad \text{generated: } G(z),\ z \sim p(z), \text{ and } G(E(x))

    The adversarial game moves the generator and not the encoder. What the encoder descends are
    terms over what the round made: :class:`gan_lab.terms.GaussianPrior` of ``mean`` and
    ``log_variance``, and :class:`gan_lab.terms.LearnedSimilarity` of ``again``.

    References:
        Autoencoding beyond pixels using a learned similarity metric (Larsen et al. 2016), algorithm
        1, arXiv 1512.09300.

    Args:
        generator: Latents to samples.
        encoder: Samples to the moments of their codes.
        prior: N(0, I).
        medium: See :class:`gan_lab.tasks.Generation`.
    """

    encoder: GaussianEncoder

    def __init__(
        self,
        generator: Generator,
        encoder: GaussianEncoder,
        prior: Prior | None = None,
        medium: Medium | None = None,
    ) -> None:
        super().__init__(generator, encoder, prior, medium)

    def forward(self, batch: Sample) -> Round:
        """Draw the minibatch again from its codes, and as many samples from the prior."""
        mean, log_variance = self.encoder.moments(batch["x"])
        code = drawn(mean, log_variance)
        z = torch.cat([code.detach(), self.prior(len(code))["z"]])
        made = {
            "again": self.draw({"z": code}),
            "mean": mean,
            "log_variance": log_variance,
        }
        return Round(batch, {"x": self.draw({"z": z}), "z": z}, made)

    def codes(self, samples: Tensor) -> Sample:
        return {"z": self.encoder.moments(samples)[0]}
