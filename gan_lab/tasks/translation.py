"""From one kind of image to another, by pairs."""

from typing import cast

import torch
from torch import Tensor

from gan_lab.contracts import Direction, Medium, Round, Sample, Translating
from gan_lab.models import Translator


class Translation(Translating):
    r"""Make each sample's partner of it; minibatches hold both.

    .. math:: \tilde x = G(s), \qquad \text{real } (s, x), \text{ fake } (s, \tilde x)

    References:
        Image-to-Image Translation with Conditional Adversarial Networks (Isola et al. 2017),
        arXiv 1611.07004.

    Args:
        translator: ``source`` to ``x``.
        medium: What ``x`` is made of.

    Raises:
        ValueError: If the translator makes other channels than the medium has.
    """

    takes: tuple[str, ...] = ("source", "x")

    def __init__(self, translator: Translator, medium: Medium) -> None:
        super().__init__()
        self.translator, self.medium = translator, medium
        self.scale = translator.scale
        self.directions = {"forth": Direction("source", "x")}
        self.refuse_channels()

    def refuse_channels(self) -> None:
        """Raise ValueError where what the translator makes is not what the medium holds."""
        if self.translator.outputs != self.medium.shape[0]:
            raise ValueError(
                f"the translator makes {self.translator.outputs} channel(s) and the medium has "
                f"{self.medium.shape[0]}; make translator.outputs that of data.sample_shape"
            )

    def forward(self, batch: Sample) -> Round:
        """Translate a minibatch's sources."""
        given = {**batch, **self.sources(batch)}
        return Round(given, {**given, **self.translate(given)})

    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        return {"source": batch[self.direction(direction).source]}

    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        self.direction(direction)
        return {"x": cast(Tensor, self.translator(source["source"]))}

    def source_medium(self, direction: str | None = None) -> Medium:
        self.direction(direction)
        sizes = (size // self.scale for size in self.medium.shape[1:])
        return type(self.medium)((self.translator.inputs, *sizes))
