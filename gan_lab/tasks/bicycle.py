"""Many partners for one source, each by a code of its own."""

import torch
from torch.func import functional_call

from gan_lab.contracts import Medium, Prior, Round, Sample
from gan_lab.models import StyleEncoder, Translator
from gan_lab.models.translators import padded
from gan_lab.tasks.coded import CodedTranslation


class Bicycle(CodedTranslation):
    r"""Translate once with the code of the true partner, and once with a code that was drawn.

    .. math:: z_x \sim E(x), \quad \hat x = G(s, z_x) \qquad
        z \sim p(z), \quad \tilde x = G(s, z), \quad \hat z = E(\tilde x)

    Rounds have the first as ``x`` and the second as ``random``, each judged by a discriminator of
    its own; the real ``random`` is the true partner. For terms they make the code's moments,
    ``z_mean`` and ``z_log_variance``, the drawn ``z`` and the one found again, ``found_z``, by an
    encoder that this does not move: else it would hide the code where nobody sees it.

    References:
        Toward Multimodal Image-to-Image Translation (Zhu et al. 2017), sections 3.2 to 3.4, arXiv
        1711.11586.

    Args:
        translator: The source, and the code as planes beside it, to ``x``.
        encoder: ``x`` to the moments of its code.
        prior: Where codes come from; N(0, I).
        medium: What ``x`` is made of.

    Raises:
        ValueError: If codes are not all of one length, or the encoder gives no moments.
    """

    gives = ("x", "random")

    def __init__(
        self, translator: Translator, encoder: StyleEncoder, prior: Prior, medium: Medium
    ) -> None:
        super().__init__(translator, prior, medium)
        self.encoder = encoder
        if not translator.beside == encoder.dim == prior.dim:
            raise ValueError(
                f"codes are of one length; the translator has room for {translator.beside} planes, "
                f"the encoder finds {encoder.dim} numbers and the prior draws {prior.dim}"
            )
        if not encoder.moments:
            raise ValueError("the encoder must give moments=true of the code")

    def forward(self, batch: Sample) -> Round:
        """Translate a minibatch twice."""
        source, x = batch["source"], batch["x"]
        images = padded(x, self.encoder.multiple, self.encoder.smallest)
        mean, log_variance = self.encoder(images)
        code = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        z = self.prior(len(x))["z"].to(mean.dtype)
        drawn = self.made(source, z)
        still = {name: value.detach() for name, value in self.encoder.named_parameters()}
        again = padded(drawn, self.encoder.multiple, self.encoder.smallest)
        found, _ = functional_call(self.encoder, still, (again,))
        made = {"z_mean": mean, "z_log_variance": log_variance, "z": z, "found_z": found}
        fake = {**batch, "x": self.made(source, code), "random": drawn}
        return Round({**batch, "random": x}, fake, made)
