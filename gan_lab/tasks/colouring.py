"""From lightness to colours."""

from typing import cast

import torch
from torch import Tensor

from gan_lab.contracts import Direction, Medium, Round, Sample
from gan_lab.models import Translator
from gan_lab.tasks.colour import lab_to_rgb, rgb_to_lab
from gan_lab.tasks.translation import Translation

REACH = 110.0
"""Of a and b, which lie in [-110, 110] for all colours of sRGB: the translator's [-1, 1]."""


class Colouring(Translation):
    r"""Take lightness L from a colour image, and let a network make a and b of CIELAB for it.

    .. math:: s = L(x), \qquad \tilde x = \operatorname{rgb}(L, G(s))

    The source is L, as [-1, 1]. A user's grey file is taken as sRGB grey. The image's lightness
    stays, wherever the colours exist that are made for it.

    References:
        Image-to-Image Translation with Conditional Adversarial Networks (Isola et al. 2017),
        section 4, "Colorization", arXiv 1611.07004, and the authors' code, junyanz/
        pytorch-CycleGAN-and-pix2pix, data/colorization_dataset.py: L / 50 - 1 and ab / 110.

    Args:
        translator: Lightness, one channel, to a and b.
        medium: Of images of three channels.

    Raises:
        ValueError: If the channels are others.
    """

    takes = ("x",)

    def __init__(self, translator: Translator, medium: Medium) -> None:
        super().__init__(translator, medium)
        self.directions = {"colour": Direction("x", "x")}

    def refuse_channels(self) -> None:
        made = self.translator
        if self.medium.shape[0] != 3 or (made.inputs, made.outputs) != (1, 2):
            raise ValueError(
                f"colouring makes 2 channels (a, b) of 1 (L) for images of 3; the translator makes "
                f"{made.outputs} of {made.inputs}, the images have {self.medium.shape[0]}"
            )

    def forward(self, batch: Sample) -> Round:
        """Colour a minibatch's lightness; real samples too have ``ab`` (N, 2, H, W) in [-1, 1]."""
        round = super().forward(batch)
        ab = rgb_to_lab(batch["x"].float())[:, 1:] / REACH
        return round._replace(real={**round.real, "ab": ab.to(batch["x"].dtype)})

    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        images = batch[self.direction(direction).source]
        lightness = rgb_to_lab(images.float())[:, :1] / 50 - 1
        return {"source": lightness.to(images.dtype)}

    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        """Return ``x``, and ``ab`` (N, 2, H, W) in [-1, 1] as the network made it."""
        self.direction(direction)
        lightness = source["source"]
        ab = cast(Tensor, self.translator(lightness))
        lab = torch.cat([50 * (lightness.float() + 1), REACH * ab.float()], dim=1)
        return {"x": lab_to_rgb(lab), "ab": ab}
