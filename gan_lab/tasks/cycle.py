"""Between two domains without pairs: there, back, and as it was."""

from typing import cast

import torch
from torch import Tensor, nn

from gan_lab.contracts import Direction, Medium, Round, Sample, Translating
from gan_lab.models import Translator
from gan_lab.tasks.pool import Pool


class Cycle(Translating):
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

    takes = ("a", "b")
    gives = ("a", "b")

    def __init__(
        self,
        forth: Translator,
        back: Translator,
        medium: Medium,
        identity: bool = False,
        pool: int = 50,
    ) -> None:
        super().__init__()
        self.forth, self.back, self.medium, self.identity = forth, back, medium, identity
        self.directions = {"a_to_b": Direction("a", "b"), "b_to_a": Direction("b", "a")}
        refuse_other_channels(forth, back, medium)
        if identity and forth.inputs != forth.outputs:
            raise ValueError(
                f"identity=true gives each translator its own domain, and these have "
                f"{forth.inputs} and {forth.outputs} channels; use identity=false"
            )
        media = {"a": self.source_medium(), "b": medium}
        self.pools = nn.ModuleDict({name: Pool(pool, media[name].shape) for name in media})

    def forward(self, batch: Sample) -> Round:
        """Translate a minibatch of both domains, and back."""
        a, b = batch["a"], batch["b"]
        fake = {"a": self.back(b), "b": self.forth(a)}
        made = {"cycle_a": self.back(fake["b"]), "cycle_b": self.forth(fake["a"])}
        if self.identity:
            made |= {"same_a": self.back(a), "same_b": self.forth(b)}
        return Round(batch, {**batch, **fake}, made)

    def shown(self, round: Round) -> Round:
        """Let each domain's discriminator see old translations too."""
        pooled = {name: pool(round.fake[name]) for name, pool in self.pools.items()}
        return round._replace(fake={**round.fake, **pooled})

    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        return {"source": batch[self.direction(direction).source]}

    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        network = self.forth if self.direction(direction).target == "b" else self.back
        return {"x": cast(Tensor, network(source["source"]))}

    def source_medium(self, direction: str | None = None) -> Medium:
        if self.direction(direction).source == "b":
            return self.medium
        return type(self.medium)((self.forth.inputs, *self.medium.shape[1:]))


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
