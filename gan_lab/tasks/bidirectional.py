"""Generator and encoder, told apart by pairs of a sample and its code."""

from torch import Tensor

from gan_lab.contracts import Encodes, Medium, Prior, Round, Sample
from gan_lab.models import Encoder, Generator
from gan_lab.tasks.generation import Generation


class Encoding(Generation, Encodes):
    """Generation with an encoder beside it, whose codes the generator reads.

    Args:
        generator: Latents (N, latent_dim) to samples; it takes no labels.
        encoder: Samples to codes of the same length.
        prior: See :class:`Generation`.
        medium: See :class:`Generation`.

    Raises:
        ValueError: If codes and latents differ in length, or the generator takes labels.
    """

    reads_data = True

    def __init__(
        self,
        generator: Generator,
        encoder: Encoder,
        prior: Prior | None = None,
        medium: Medium | None = None,
    ) -> None:
        super().__init__(generator, prior, medium)
        self.encoder = encoder
        if self.num_classes:
            raise ValueError("a generator with an encoder takes no labels; use conditioning=none")
        if encoder.code_dim != generator.latent_dim:
            raise ValueError(
                f"the encoder's codes have {encoder.code_dim} coordinates and the generator takes "
                f"{generator.latent_dim}; make code_dim and latent_dim equal"
            )

    def codes(self, samples: Tensor) -> Sample:
        return {"z": self.encoder(samples)}

    def reconstruct(self, samples: Tensor) -> Tensor:
        return self.draw({"z": self.codes(samples)["z"]})


class Bidirectional(Encoding):
    r"""A generator with an encoder, told apart by pairs.

    .. math:: \text{real: } (x, E(x)), \qquad \text{generated: } (G(z), z)

    Where no discriminator can tell the pairs apart, the encoder inverts the generator. Both kinds
    carry the generating side's graph, so the loss has to pull at both:
    :class:`gan_lab.losses.Symmetric`. With a :class:`gan_lab.models.GaussianEncoder` this is ALI.

    References:
        Adversarial Feature Learning (Donahue et al. 2017), section 3, arXiv 1605.09782.
        Adversarially Learned Inference (Dumoulin et al. 2017), section 2, arXiv 1606.00704.
    """

    gives = ("x", "z")

    def forward(self, batch: Sample) -> Round:
        """Encode the minibatch, and draw as many samples from the prior."""
        latent = self.prior(len(batch["x"]))
        real = {**batch, "z": self.encoder(batch["x"])}
        return Round(real, {"x": self.draw(latent), **latent})
