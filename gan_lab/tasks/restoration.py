"""From what is left of a sample back to the sample."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from gan_lab.contracts import Direction, Medium, Sample
from gan_lab.degradations import Degradation, Mask
from gan_lab.errors import LabError
from gan_lab.models import Translator
from gan_lab.tasks.translation import Translation


class Restoration(Translation):
    r"""Degrade samples and restore them: super-resolution, inpainting, denoising, and their chains.

    .. math:: s = \operatorname{degrade}(x), \qquad \tilde x = G(s)

    Where samples have holes and no other fault, all but the holes stays as it was given.

    References:
        Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network (Ledig
        et al. 2017), arXiv 1609.04802. Context Encoders: Feature Learning by Inpainting (Pathak et
        al. 2016), arXiv 1604.07379.

    Args:
        translator: The source, and the mask beside it where it has room for one, to ``x``.
        medium: What ``x`` is made of.
        degradations: In this order; a mapping names them, and null leaves one out.

    Raises:
        ValueError: If there is none, or what is left of a sample is not what the translator takes.
    """

    takes = ("x",)

    def __init__(
        self,
        translator: Translator,
        medium: Medium,
        degradations: Mapping[str, Degradation | None] | Sequence[Degradation],
    ) -> None:
        super().__init__(translator, medium)
        chosen = degradations.values() if isinstance(degradations, Mapping) else degradations
        self.degradations = nn.ModuleList(item for item in chosen if item is not None)
        self.keeps = all(isinstance(item, Mask) for item in self.degradations)
        self.directions = {"restore": Direction("x", "x")}
        self.refuse_other_sources()

    def refuse_other_sources(self) -> None:
        """Raise ValueError where what is left of a sample is not what the translator takes."""
        if not len(self.degradations):
            raise ValueError("nothing is degraded; name at least one of degradations")
        channels, scale, gives = self.medium.shape[0], 1, set[str]()
        for degrade in self.degradations:
            assert isinstance(degrade, Degradation)
            if degrade.scale > 1 and gives:
                raise ValueError("a mask comes after what makes images smaller, not before")
            channels, scale = degrade.channels(channels), scale * degrade.scale
            gives |= set(degrade.gives)
        made = self.translator
        if channels != made.inputs or scale != made.scale:
            raise ValueError(
                f"what is left of a sample has {channels} channel(s) and is {scale} times smaller, "
                f"and the translator takes {made.inputs} and enlarges {made.scale} times; make "
                "source_channels and scale equal"
            )
        if made.beside and (made.beside != 1 or "mask" not in gives):
            raise ValueError(
                f"the translator has room for {made.beside} channel(s) beside the source; a mask "
                "takes 1, and nothing else is known of what was degraded"
            )
        if any(size % scale for size in self.medium.shape[1:]):
            raise ValueError(
                f"samples of {list(self.medium.shape[1:])} pixels do not divide by {scale}"
            )

    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        images = batch[self.direction(direction).source]
        sample: Sample = {"source": images}
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            for degrade in self.degradations:
                sample = degrade(sample, random)
        return sample

    def truth(self, batch: Sample, direction: str | None = None) -> Tensor | None:
        found = super().truth(batch, direction)
        if found is None:
            return None
        height, width = (size // self.scale * self.scale for size in found.shape[2:])
        return found[:, :, :height, :width]

    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        self.direction(direction)
        given, mask = source["source"], source.get("mask")
        if self.translator.beside:
            if mask is None:
                raise LabError("this run restores where a mask says so; give mask, 1 in the holes")
            given = torch.cat([given, mask], dim=1)
        made = self.translator(given)
        if mask is not None and self.keeps:
            made = torch.where(mask > 0, made, source["source"].to(made.dtype))
        return {"x": made}
