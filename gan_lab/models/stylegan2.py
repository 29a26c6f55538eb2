"""A pair of StyleGAN2's type: styles, modulated convolutions, skips."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone, Generator, draw_weights
from gan_lab.models.dcgan import halvings
from gan_lab.models.equalised import (
    EqualisedConv,
    EqualisedLinear,
    ModulatedConv,
    StyledLayer,
    activated,
)
from gan_lab.models.labels import Labels
from gan_lab.models.minibatch import MinibatchDeviation


class StyleGAN2Generator(Generator):
    r"""Latents become styles, which scale the channels of convolutions; every map adds a picture.

    While it trains, styles of two latents are mixed at a random depth, the second being another
    sample's of the batch. ``truncation`` :math:`\psi` draws all styles towards their mean.

    References:
        A Style-Based Generator Architecture for Generative Adversarial Networks (Karras et al.
        2019), sections 2 and 3.1, arXiv 1812.04948, for the mapping and the mixing. Karras et al.
        2020, section 2, arXiv 1912.04958, for modulation and skips.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels of the largest map; each smaller map has twice as many, at most ``most``.
        most: Channels of any map, at most.
        style: Length of w, positive.
        depth: Layers of the mapping, positive; 8 in the papers.
        mixing: Share of samples whose styles are mixed while it trains; 0.9 in the papers.
        labels: See :class:`Generator`.

    Attributes:
        truncation: :math:`\psi` of what is drawn in evaluation mode; 1 leaves styles as they are.

    Raises:
        ValueError: If a number is out of range or the image does not halve to 4..7 pixels.
    """

    mean: Tensor

    def __init__(
        self,
        latent_dim: int = 64,
        sample_shape: Sequence[int] = (1, 28, 28),
        width: int = 16,
        most: int = 64,
        style: int = 64,
        depth: int = 4,
        mixing: float = 0.9,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        require_size("width", width)
        if not 0 <= mixing <= 1:
            raise ValueError(f"mixing must be between 0 and 1, got {mixing}")
        start, doublings = halvings(self.sample_shape)
        sizes = [(start[0] * 2**k, start[1] * 2**k) for k in range(doublings + 1)]
        channels = [min(most, width * 2 ** (doublings - k)) for k in range(doublings + 1)]
        widths = [self.input_dim, *[require_size("style", style)] * require_size("depth", depth)]
        self.mapping = nn.ModuleList(EqualisedLinear(a, b, rate=0.01) for a, b in pairwise(widths))
        self.constant = nn.Parameter(torch.randn(1, channels[0], *start))
        layers = [StyledLayer(channels[0], channels[0], style, sizes[0])]
        pictures = [ModulatedConv(channels[0], self.sample_shape[0], 1, style, demodulate=False)]
        for before, after, size in zip(channels[:-1], channels[1:], sizes[1:], strict=True):
            layers.append(StyledLayer(before, after, style, size, doubles=True))
            layers.append(StyledLayer(after, after, style, size))
            pictures.append(ModulatedConv(after, self.sample_shape[0], 1, style, demodulate=False))
        self.layers, self.pictures = nn.ModuleList(layers), nn.ModuleList(pictures)
        self.bias = nn.Parameter(torch.zeros(self.sample_shape[0], 1, 1))
        self.mixing, self.truncation = mixing, 1.0
        self.register_buffer("mean", torch.zeros(style))
        draw_weights(self)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        return self.synthesise(self.styles(inputs))

    def map(self, inputs: Tensor) -> Tensor:
        """Return w (N, style) for latents and labels (N, input_dim)."""
        w = inputs * (inputs.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.mapping:
            w = activated(layer(w))
        return w

    def styles(self, inputs: Tensor) -> Tensor:
        """Return each layer's w, shape (N, layers, style), mixed while it trains."""
        w = self.map(inputs)
        if not self.training:
            w = torch.lerp(self.mean, w, self.truncation) if self.truncation != 1 else w
            return w[:, None].expand(-1, len(self.layers), -1)
        with torch.no_grad():
            self.mean.lerp_(w.detach().float().mean(dim=0), 0.005)
        depth = torch.randint(1, len(self.layers), (len(w), 1), device=w.device)
        depth[torch.rand(len(w), device=w.device) >= self.mixing] = len(self.layers)
        own = torch.arange(len(self.layers), device=w.device) < depth
        return torch.where(own[:, :, None], w[:, None], w.roll(1, dims=0)[:, None])

    def synthesise(self, styles: Tensor) -> Tensor:
        """Return images (N, *sample_shape) for each layer's w (N, layers, style)."""
        w = styles.unbind(dim=1)
        maps = self.layers[0](self.constant.expand(len(styles), -1, -1, -1), w[0])
        image = self.pictures[0](maps, w[0])
        for number, picture in enumerate(self.pictures[1:], start=1):
            first, second = 2 * number - 1, 2 * number
            maps = self.layers[second](self.layers[first](maps, w[first]), w[second])
            image = interpolate(image, scale_factor=2, mode="bilinear") + picture(maps, w[second])
        return torch.tanh(image + self.bias)


class StyleGAN2Backbone(Backbone):
    """Residual blocks that halve the image with unit variance, and a layer over the last map.

    The published one tells how samples of a batch differ, ``group`` 4. That couples samples, which
    per-sample penalties such as R1 do not allow here, so it is left out by default.

    References:
        Karras et al. 2020, section 2 and figure 7, arXiv 1912.04958.

    Args:
        input_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels of the largest map; each smaller map has twice as many, at most ``most``.
        most: Channels of any map, at most.
        group: Of :class:`MinibatchDeviation`; 0 leaves it out.

    Raises:
        ValueError: If a number is out of range or the image does not halve to 4..7 pixels.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (1, 28, 28),
        width: int = 16,
        most: int = 64,
        group: int = 0,
    ) -> None:
        super().__init__(input_shape)
        require_size("width", width)
        end, halves = halvings(self.input_shape)
        channels = [min(most, width * 2**k) for k in range(halves + 1)]
        self.first = EqualisedConv(self.input_shape[0], channels[0], 1)
        self.blocks = nn.ModuleList(
            HalvingBlock(before, after) for before, after in pairwise(channels)
        )
        self.deviation = MinibatchDeviation(group) if group else nn.Identity()
        self.last = EqualisedConv(channels[-1] + bool(group), channels[-1], 3)
        self.features = require_size("most", most)
        self.joint = EqualisedLinear(channels[-1] * end[0] * end[1], self.features)

    def forward(self, inputs: Tensor) -> Tensor:
        maps = activated(self.first(inputs))
        for block in self.blocks:
            maps = block(maps)
        maps = activated(self.last(self.deviation(maps)))
        return activated(self.joint(maps.flatten(1)))


class HalvingBlock(nn.Module):
    """Two convolutions beside a skip, both at half the input's size in the end.

    Args:
        inputs: Channels in.
        outputs: Channels out.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = EqualisedConv(inputs, inputs, 3)
        self.second = EqualisedConv(inputs, outputs, 3)
        self.skip = EqualisedConv(inputs, outputs, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps (N, outputs, H/2, W/2) for maps (N, inputs, H, W)."""
        residual = activated(self.second(avg_pool2d(activated(self.first(inputs)), 2)))
        skipped: Tensor = self.skip(avg_pool2d(inputs, 2))
        return (residual + skipped) / math.sqrt(2)  # the variance of one
