"""A light pair of FastGAN's type: gated doublings, far skips, a discriminator that reconstructs."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, glu, interpolate, leaky_relu

from gan_lab.contracts import Discriminator, Sample, Verdict
from gan_lab.models.arguments import require_shape, require_size
from gan_lab.models.base import Generator, draw_weights
from gan_lab.models.dcgan import halvings, initialise
from gan_lab.models.labels import Conditional, Labels
from gan_lab.models.normalisation import spectrally_normalise


class GatedDoubling(Conditional):
    """Doubles a map, convolves it, and gates one half of the channels by the other.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        norm: Of twice as many channels as come out.
    """

    def __init__(self, inputs: int, outputs: int, norm: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, 2 * outputs, 3, padding=1, bias=False)
        self.norm = norm

    def forward(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        maps = self.conv(interpolate(inputs, scale_factor=2))
        conditional = isinstance(self.norm, Conditional)
        return glu(self.norm(maps, labels) if conditional else self.norm(maps), dim=1)


class SkipExcitation(nn.Module):
    """Scales a large map's channels by what a small map says of them.

    Args:
        inputs: Channels of the small map.
        outputs: Channels of the large one.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.Conv2d(inputs, outputs, 4),
            nn.LeakyReLU(0.1),
            nn.Conv2d(outputs, outputs, 1),
            nn.Sigmoid(),
        )

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        """Return maps of the shape of ``large``, (N, outputs, H, W)."""
        gates: Tensor = self.gate(adaptive_avg_pool2d(small, 4))
        return large * gates


class FastGANGenerator(Generator):
    """Gated doublings, of which the last is scaled by the first map.

    References:
        Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis (Liu
        et al. 2021), section 3.1 and appendix, arXiv 2101.04775.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels of the last map; each smaller one has twice as many.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is not positive or the image does not halve to 4..7 pixels.
    """

    def __init__(
        self,
        latent_dim: int = 256,
        sample_shape: Sequence[int] = (3, 64, 64),
        width: int = 32,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        require_size("width", width)
        self.start, doublings = halvings(self.sample_shape)
        channels = [width * 2 ** (doublings - k) for k in range(doublings + 1)]
        self.first = nn.Linear(self.input_dim, 2 * channels[0] * self.start[0] * self.start[1])
        self.norm = nn.BatchNorm2d(2 * channels[0])
        self.blocks = nn.ModuleList(
            GatedDoubling(channels[k], channels[k + 1], self.batch_norm(2 * channels[k + 1]))
            for k in range(doublings)
        )
        self.skip = SkipExcitation(channels[0], channels[-1])
        self.last = nn.Sequential(
            nn.Conv2d(channels[-1], self.sample_shape[0], 3, padding=1), nn.Tanh()
        )
        draw_weights(self, initialise)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        first = self.first(inputs).reshape(len(inputs), -1, *self.start)
        small = maps = glu(self.norm(first), dim=1)
        for block in self.blocks:
            maps = block(maps, labels)
        images: Tensor = self.last(self.skip(small, maps))
        return images


class FastGANDiscriminator(Discriminator):
    """One logit a patch of the last map, and a decoder that has to draw the image from it again.

    A :class:`gan_lab.terms.SelfReconstruction` teaches the decoder on real images; so the features
    must hold all of an image, however few there are.

    References:
        Liu et al. 2021, section 3.2, arXiv 2101.04775. One decoder stands for the paper's two.

    Args:
        sample_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels of the largest map; each smaller map has twice as many.
        spectral_norm: Whether every weight is divided by its largest singular value.

    Raises:
        ValueError: If a size is not positive or the image does not halve to 4..7 pixels.
    """

    gives = ("reconstruction",)
    taught = ("reconstruction",)

    def __init__(
        self, sample_shape: Sequence[int], width: int = 32, spectral_norm: bool = False
    ) -> None:
        super().__init__()
        self.sample_shape = require_shape(sample_shape)
        require_size("width", width)
        _, halves = halvings(self.sample_shape)
        channels = [self.sample_shape[0], *(width * 2**k for k in range(halves))]
        steps = range(halves)
        self.down = nn.ModuleList(
            nn.Conv2d(channels[k], channels[k + 1], 4, stride=2, padding=1) for k in steps
        )
        self.beside = nn.ModuleList(nn.Conv2d(channels[k], channels[k + 1], 1) for k in steps)
        self.patch = nn.Conv2d(channels[-1], 1, 1)
        self.up = nn.ModuleList(
            nn.Conv2d(channels[k + 1], 2 * max(width, channels[k]), 3, padding=1)
            for k in reversed(steps)
        )
        self.image = nn.Conv2d(width, channels[0], 3, padding=1)
        draw_weights(self, initialise)
        if spectral_norm:
            spectrally_normalise(self)

    def forward(self, sample: Sample) -> Verdict:
        """Return logits (N, H', W') and reconstructions (N, *sample_shape)."""
        maps = sample["x"]
        for layer, skip in zip(self.down, self.beside, strict=True):
            maps = (leaky_relu(layer(maps), 0.2) + skip(avg_pool2d(maps, 2))) / 2**0.5
        logits: Tensor = self.patch(maps).squeeze(1)
        for layer in self.up:
            maps = glu(layer(interpolate(maps, scale_factor=2)), dim=1)
        return Verdict({"x": logits}, {"reconstruction": torch.tanh(self.image(maps))})
