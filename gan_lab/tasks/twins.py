"""Pairs of samples from two domains, of one latent, learnt without pairs."""

import torch

from gan_lab.contracts import NOTHING, Medium, Prior, Round, Sample, Task
from gan_lab.models import CoupledGenerator
from gan_lab.priors import Normal


class Twins(Task):
    r"""Two generators of one latent, which share all that is abstract.

    .. math:: z \sim p(z), \qquad \tilde a = G_a(z), \quad \tilde b = G_b(z)

    References:
        Coupled Generative Adversarial Networks (Liu and Tuzel 2016), arXiv 1606.07536.

    Args:
        generator: Latents to ``a`` and ``b``.
        medium: Of both domains.
        prior: Where latents come from; N(0, I) by default.

    Raises:
        ValueError: If the prior's latents or the medium are not the generator's.
    """

    takes = ("a", "b")
    gives = ("a", "b")

    def __init__(
        self, generator: CoupledGenerator, medium: Medium, prior: Prior | None = None
    ) -> None:
        super().__init__()
        self.generator, self.medium = generator, medium
        self.prior = prior or Normal(generator.latent_dim)
        if self.prior.dim != generator.latent_dim:
            raise ValueError(
                f"the prior draws {self.prior.dim} latents and the generator takes "
                f"{generator.latent_dim}; make prior.dim and latent_dim equal"
            )
        if generator.sample_shape != medium.shape:
            raise ValueError(
                f"the generator draws {list(generator.sample_shape)} and the medium is of "
                f"{list(medium.shape)}; make their sample_shape equal"
            )

    def forward(self, batch: Sample) -> Round:
        """Draw as many pairs as the minibatch has samples of a domain."""
        latent = self.prior(len(batch["a"]))
        return Round(batch, {**self.generator(latent["z"]), **latent})

    def latents(self, count: int, random: torch.Generator) -> Sample:
        return {"z": self.prior(count, random)["z"]}

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        """Return pairs ``a`` and ``b``; ``x`` is the second, as translations go from a to b."""
        latent = given if "z" in given else self.prior(count)
        pair = self.generator(latent["z"].to(self.prior.device_like.device))
        return {"x": pair["b"], **pair, **latent}
