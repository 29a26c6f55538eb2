"""A discriminator that judges the image and each of its pixels."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from gan_lab.contracts import Discriminator, Sample, Verdict
from gan_lab.models.arguments import require_shape, require_size
from gan_lab.models.base import draw_weights
from gan_lab.models.dcgan import halvings, initialise
from gan_lab.models.normalisation import spectrally_normalise


class UNetDiscriminator(Discriminator):
    """An encoder whose last map gives the image's logit, and a decoder that gives each pixel's.

    The kinds of logits are ``image``, (N,), and ``pixel``, (N, H, W); the loss sums over both.

    References:
        A U-Net Based Discriminator for Generative Adversarial Networks (Schönfeld et al. 2020),
        section 3.1, arXiv 2002.12655; its mixed images (section 3.2) are left out.

    Args:
        sample_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels of the largest map; each smaller map has twice as many.
        spectral_norm: Whether every weight is divided by its largest singular value.

    Raises:
        ValueError: If a size is not positive or the image does not halve to 4..7 pixels.
    """

    def __init__(
        self, sample_shape: Sequence[int], width: int = 32, spectral_norm: bool = False
    ) -> None:
        super().__init__()
        self.sample_shape = require_shape(sample_shape)
        require_size("width", width)
        _, halves = halvings(self.sample_shape)
        channels = [self.sample_shape[0], *(width * 2**k for k in range(halves))]
        self.down = nn.ModuleList(
            nn.Conv2d(channels[k], channels[k + 1], 4, stride=2, padding=1) for k in range(halves)
        )
        self.image = nn.Linear(channels[-1], 1)
        # All layers but the first read the encoder's map of their size beside the one below.
        read = [channels[-1], *(2 * count for count in reversed(channels[1:-1]))]
        made = [*reversed(channels[1:-1]), width]
        self.up = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 3, padding=1)
            for inputs, outputs in zip(read, made, strict=True)
        )
        self.pixel = nn.Conv2d(width + channels[0], 1, 3, padding=1)
        draw_weights(self, initialise)
        if spectral_norm:
            spectrally_normalise(self)

    def forward(self, sample: Sample) -> Verdict:
        """Return both kinds of logits."""
        found = self.judged(sample)
        return Verdict(dict(zip(("image", "pixel"), found, strict=True)))

    def judged(self, sample: Sample) -> tuple[Tensor, Tensor]:
        """Return the image's logits (N,) and the pixels' (N, H, W)."""
        maps = [sample["x"]]
        for layer in self.down:
            maps.append(nn.functional.leaky_relu(layer(maps[-1]), 0.2))
        image: Tensor = self.image(maps[-1].mean(dim=(2, 3))).squeeze(1)
        above = maps.pop()
        for layer in self.up:
            above = nn.functional.leaky_relu(layer(interpolate(above, scale_factor=2)), 0.2)
            above = torch.cat([above, maps.pop()], dim=1)
        pixel: Tensor = self.pixel(above).squeeze(1)
        return image, pixel

    def parts(self) -> Sequence[Discriminator]:
        return [Kind(self, name) for name in ("image", "pixel")]


class Kind(Discriminator):
    """One kind of logits of a discriminator that gives several.

    Args:
        whole: That one, whose weights stay its own.
        name: Of the kind.
    """

    def __init__(self, whole: Discriminator, name: str) -> None:
        super().__init__()
        self.whole, self.name = (whole,), name  # in a tuple, so that it is no module of this one
        self.reads, self.sample_shape = whole.reads, whole.sample_shape

    def forward(self, sample: Sample) -> Verdict:
        """Return the logits of this kind alone."""
        verdict: Verdict = self.whole[0](sample)
        return Verdict({self.name: verdict.logits[self.name]})
