"""A modern convolutional pair without normalisation, of R3GAN's type."""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone, Generator, draw_weights
from gan_lab.models.dcgan import halvings
from gan_lab.models.labels import Labels

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


def msr(layer: Layer) -> Layer:
    r"""Draw a layer's weights from :math:`N(0, 1 / \text{fan-in})`, for no activation after it.

    References:
        Huang et al. 2024, the authors' code, brownvc/R3GAN, R3GAN/Networks.py, MSRInitializer.
    """
    nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    return layer


class Block(nn.Module):
    r"""A bottleneck with grouped 3×3 convolution, whose residual starts at zero.

    Weights are drawn so that the variance of L blocks does not grow with L:
    He's standard deviation times :math:`L^{-1/4}` in two of the three
    convolutions, and zero in the last (Fixup).

    References:
        The GAN is dead; long live the GAN! A Modern Baseline GAN (Huang et al.
        2024), section 4, arXiv 2501.05441. Fixup Initialization (Zhang et al.
        2019), arXiv 1901.09321.

    Args:
        channels: In and out, a multiple of ``groups``.
        groups: Of the 3×3 convolution.
        expansion: Channels inside, in multiples of ``channels``.
        depth: L, the number of blocks of the whole network.
    """

    def __init__(self, channels: int, groups: int, expansion: int, depth: int) -> None:
        super().__init__()
        inside = expansion * channels
        first = nn.Conv2d(channels, inside, 1)
        second = nn.Conv2d(inside, inside, 3, padding=1, groups=groups, bias=False)
        last = nn.Conv2d(inside, channels, 1, bias=False)
        for layer in (first, second):
            nn.init.kaiming_normal_(layer.weight, a=0.2)
            with torch.no_grad():
                layer.weight.mul_(depth**-0.25)
        nn.init.zeros_(first.bias)  # type: ignore[arg-type]
        nn.init.zeros_(last.weight)
        self.residual = nn.Sequential(
            first,
            nn.LeakyReLU(0.2, inplace=True),
            second,
            BiasedLeakyReLU(inside),
            last,
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps of the shape of ``inputs``, (N, channels, H, W)."""
        outputs: Tensor = inputs + self.residual(inputs)
        return outputs


class BiasedLeakyReLU(nn.Module):
    """A bias for each channel, then LeakyReLU 0.2.

    Args:
        channels: Of the input.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps of the shape of ``inputs``, (N, channels, H, W)."""
        return nn.functional.leaky_relu(inputs + self.bias, 0.2)


class Resample(nn.Module):
    """Double or halve a map bilinearly, after (before) a 1×1 convolution where channels change.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        scale: 2 or 0.5.
    """

    def __init__(self, inputs: int, outputs: int, scale: float) -> None:
        super().__init__()
        mix = inputs != outputs
        self.mix = msr(nn.Conv2d(inputs, outputs, 1, bias=False)) if mix else nn.Identity()
        self.scale = scale

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps (N, outputs, scale·H, scale·W) for maps (N, inputs, H, W)."""
        resized = partial(interpolate, scale_factor=self.scale, mode="bilinear")
        mixed: Tensor = self.mix(inputs)
        if self.scale < 1:  # torch halves no bfloat16 on CPUs
            halved: Tensor = resized(mixed.float(), antialias=True)
            return halved.to(mixed.dtype)
        return resized(mixed)


class R3GANGenerator(Generator):
    """A learnt basis of small maps, then blocks and bilinear doublings, without any norm.

    The paper's output is linear; a tanh keeps this one in [-1, 1]. Its resampling pads the border
    with zeros, where this one continues the map.

    References:
        Huang et al. 2024, section 4 and table 2, arXiv 2501.05441, and the authors' code,
        brownvc/R3GAN, R3GAN/Networks.py: 20,732,160 parameters as their CIFAR10 preset has it,
        width 768, two blocks, 96 groups.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels of every map, a multiple of ``groups``.
        blocks: Blocks at each size.
        groups: Of the 3×3 convolutions.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        latent_dim: int = 64,
        sample_shape: Sequence[int] = (3, 32, 32),
        width: int = 64,
        blocks: int = 1,
        groups: int = 4,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        require_groups(width, blocks, groups)
        start, doublings = halvings(self.sample_shape)
        depth = blocks * (doublings + 1)
        layers: list[nn.Module] = [
            msr(nn.Linear(self.input_dim, width, bias=False)),
            nn.Unflatten(1, (width, 1, 1)),
            nn.Upsample(size=start),
            Basis(width, start),
            *(Block(width, groups, 2, depth) for _ in range(blocks)),
        ]
        for _ in range(doublings):
            layers.append(Resample(width, width, 2))
            layers += [Block(width, groups, 2, depth) for _ in range(blocks)]
        to_image = msr(nn.Conv2d(width, self.sample_shape[0], 1, bias=False))
        self.layers = nn.Sequential(*layers, to_image)
        draw_weights(self)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        images: Tensor = self.layers(inputs)
        return images.tanh()


class Basis(nn.Module):
    """Learnt maps, one a channel, by which the input's channels are multiplied.

    Args:
        channels: Of the input.
        size: Height and width.
    """

    def __init__(self, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.maps = nn.Parameter(torch.randn(channels, *size))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps of the shape of ``inputs``, (N, channels, *size)."""
        return inputs * self.maps


class R3GANBackbone(Backbone):
    """The generator's mirror: blocks and bilinear halvings, then one weight a pixel and channel.

    References:
        Huang et al. 2024, section 4 and table 2, arXiv 2501.05441, and the authors' code,
        brownvc/R3GAN, R3GAN/Networks.py: 20,683,776 parameters as their CIFAR10 preset has it,
        with a readout that has no bias.

    Args:
        input_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels of every map, a multiple of ``groups``.
        blocks: Blocks at each size.
        groups: Of the 3×3 convolutions.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (3, 32, 32),
        width: int = 64,
        blocks: int = 1,
        groups: int = 4,
    ) -> None:
        super().__init__(input_shape)
        require_groups(width, blocks, groups)
        end, halves = halvings(self.input_shape)
        depth = blocks * (halves + 1)
        layers: list[nn.Module] = [msr(nn.Conv2d(self.input_shape[0], width, 1, bias=False))]
        for _ in range(halves):
            layers += [Block(width, groups, 2, depth) for _ in range(blocks)]
            layers.append(Resample(width, width, 0.5))
        layers += [Block(width, groups, 2, depth) for _ in range(blocks)]
        reduce = msr(nn.Conv2d(width, width, end, groups=width, bias=False))
        self.layers = nn.Sequential(*layers, reduce, nn.Flatten())
        self.features = width

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features

    def initialise(self, layer: nn.Module) -> None:
        if isinstance(layer, nn.Linear):  # readout and second heads
            msr(layer)


def require_groups(width: int, blocks: int, groups: int) -> None:
    """Raise ValueError where the sizes of the blocks are out of range."""
    require_size("width", width)
    require_size("blocks", blocks)
    require_size("groups", groups)
    if width % groups:
        raise ValueError(f"width must be a multiple of groups={groups}, got {width}")
