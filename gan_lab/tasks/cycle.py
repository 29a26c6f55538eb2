"""Between two domains without pairs: there, back, and as it was."""

from typing import cast

from torch import Tensor

from gan_lab.contracts import Medium, Round, Sample
from gan_lab.models import Translator
from gan_lab.tasks.two_domains import TwoDomains


class Cycle(TwoDomains):
    r"""Translate both domains' samples, and the translations back.

    .. math:: \tilde b = F(a), \quad \tilde a = B(b), \qquad
        \hat a = B(\tilde b), \quad \hat b = F(\tilde a)

    Each domain has a discriminator of its own. A pool of old translations stands before both.

    References:
        Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks (Zhu et al.
        2017), arXiv 1703.10593. Learning to Discover Cross-Domain Relations with Generative
        Adversarial Networks (Kim et al. 2017), arXiv 1703.05192. DualGAN (Yi et al. 2017), arXiv
        1704.02510.

    Args:
        forth: F, ``a`` to ``b``.
        back: B, ``b`` to ``a``.
        medium: What ``b`` is made of.
        identity: Whether F is also given b, and B a, which they should leave as they are: for the
            term :class:`gan_lab.terms.Identity`.
        pool: How many old translations are kept for each discriminator.

    Raises:
        ValueError: If the channels of translators and medium do not go together.
    """

    def __init__(
        self,
        forth: Translator,
        back: Translator,
        medium: Medium,
        identity: bool = False,
        pool: int = 50,
    ) -> None:
        refuse_other_channels(forth, back, medium)
        super().__init__(medium, forth.inputs, pool)
        self.forth, self.back, self.identity = forth, back, identity
        if identity and forth.inputs != forth.outputs:
            raise ValueError(
                f"identity=true gives each translator its own domain, and these have "
                f"{forth.inputs} and {forth.outputs} channels; use identity=false"
            )

    def forward(self, batch: Sample) -> Round:
        """Translate a minibatch of both domains, and back."""
        a, b = batch["a"], batch["b"]
        fake = {"a": self.back(b), "b": self.forth(a)}
        made = {"cycle_a": self.back(fake["b"]), "cycle_b": self.forth(fake["a"])}
        if self.identity:
            made |= {"same_a": self.back(a), "same_b": self.forth(b)}
        return Round(batch, {**batch, **fake}, made)

    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        network = self.forth if self.direction(direction).target == "b" else self.back
        return {"x": cast(Tensor, network(source["source"]))}


def refuse_other_channels(forth: Translator, back: Translator, medium: Medium) -> None:
    """Raise ValueError where one translator does not take what the other makes."""
    pairs = (forth.outputs, back.inputs), (back.outputs, forth.inputs)
    if any(made != taken for made, taken in pairs):
        raise ValueError(
            f"one translator makes {forth.outputs} channel(s) of {forth.inputs} and the other "
            f"{back.outputs} of {back.inputs}; one must take what the other makes"
        )
    if forth.outputs != medium.shape[0]:
        raise ValueError(
            f"b has {medium.shape[0]} channel(s) and its translator makes {forth.outputs}; "
            "make both that of data.sample_shape"
        )
