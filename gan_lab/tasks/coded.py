"""What translations by a source and a code share."""

from typing import cast

import torch
from torch import Tensor

from gan_lab.contracts import Medium, Prior, Sample
from gan_lab.models import Translator
from gan_lab.models.inputs import with_planes
from gan_lab.tasks.translation import Translation


class CodedTranslation(Translation):
    """Translates a source beside a code as planes, which is drawn where none is given as ``z``.

    Args:
        translator: The source, and the code as planes beside it, to ``x``.
        prior: Where codes come from.
        medium: What ``x`` is made of.
    """

    def __init__(self, translator: Translator, prior: Prior, medium: Medium) -> None:
        super().__init__(translator, medium)
        self.prior = prior

    def made(self, source: Tensor, code: Tensor) -> Tensor:
        """Return translations of sources with codes."""
        return cast(Tensor, self.translator(with_planes(source, code)))

    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        source = super().sources(batch, random, direction)
        return {**source, "z": self.prior(len(source["source"]), random)["z"]}

    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        """Return ``x``, and ``z``, the code that it was made with."""
        self.direction(direction)
        images = source["source"]
        z = source["z"] if "z" in source else self.prior(len(images))["z"]
        return {"x": self.made(images, z), "z": z}
