"""Content and style: encoders of both, and a decoder that takes its style through its norms."""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import instance_norm

from gan_lab.models.arguments import require_not_negative, require_size
from gan_lab.models.base import draw_weights
from gan_lab.models.normalisation import Norm, normalisation
from gan_lab.models.translators import ResidualBlock


class ContentEncoder(nn.Module):
    """Maps images (N, C, H, W) to codes (N, channels, H / 2^halvings, W / 2^halvings).

    References:
        Multimodal Unsupervised Image-to-Image Translation (Huang et al. 2018), appendix B.2, arXiv
        1804.04732: c7s1-64, d128, d256, R256 four times, instance norm.

    Args:
        inputs: C, positive.
        width: Channels at full size, twice as many after each halving.
        halvings: How often the image is halved.
        blocks: Residual blocks.

    Attributes:
        channels: Of the code.
        multiple: Heights and widths must be multiples of this.
        smallest: And at least this.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self, inputs: int = 1, width: int = 64, halvings: int = 2, blocks: int = 4
    ) -> None:
        super().__init__()
        require_not_negative("blocks", blocks)
        layers, channels = downwards(inputs, width, halvings, "instance")
        self.layers = nn.Sequential(
            *layers, *(ResidualBlock(channels, "instance") for _ in range(blocks))
        )
        self.channels, self.multiple = channels, 2**halvings
        self.smallest = max(4, 2 * self.multiple)
        draw_weights(self, initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Return the content codes of images."""
        code: Tensor = self.layers(images)
        return code


class StyleEncoder(nn.Module):
    """Maps images (N, C, H, W) to styles (N, dim), without norms, which would take the style away.

    References:
        Huang et al. 2018, appendix B.2, arXiv 1804.04732: c7s1-64, d128, d256, d256, d256, the mean
        over all pixels, fc8.

    Args:
        inputs: C, positive.
        dim: Length of a style, positive.
        width: Channels at full size, twice as many after each halving, up to four times.
        halvings: How often the image is halved.
        moments: Whether a mean and the logarithm of a variance are returned, each (N, dim).

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        inputs: int = 1,
        dim: int = 8,
        width: int = 64,
        halvings: int = 4,
        moments: bool = False,
    ) -> None:
        super().__init__()
        self.dim, self.moments = require_size("dim", dim), moments
        layers, channels = downwards(inputs, width, halvings, "none", most=4)
        self.layers = nn.Sequential(
            *layers,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(channels, 2 * dim if moments else dim),
        )
        self.multiple, self.smallest = 2**halvings, max(4, 2**halvings)
        draw_weights(self, initialise)

    def forward(self, images: Tensor) -> Any:
        """Return styles (N, dim), or their means and log-variances."""
        code: Tensor = self.layers(images)
        return code.chunk(2, dim=1) if self.moments else code


class AdaptiveBlock(nn.Module):
    """A residual block whose instance norms take scale and shift from outside.

    References:
        Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization (Huang and
        Belongie 2017), equation 8, arXiv 1703.06868.

    Args:
        width: Channels, in and out.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect")
        self.second = nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect")

    def forward(self, maps: Tensor, statistics: Tensor) -> Tensor:
        """Return maps (N, C, H, W) for statistics (N, 4·C): scale and shift of both norms."""
        scales = statistics[:, :, None, None].chunk(4, dim=1)
        residual = adapted(self.first(maps), scales[0], scales[1]).relu()
        return maps + adapted(self.second(residual), scales[2], scales[3])


class StyledDecoder(nn.Module):
    """Maps content codes (N, channels, h, w), and styles (N, style_dim), to images.

    References:
        Huang et al. 2018, appendix B.2, arXiv 1804.04732: R256 four times with adaptive instance
        norm, whose scales and shifts two hidden layers of 256 make of the style; u128, u64 with
        layer norm, by the nearest pixel and a 5×5 convolution; c7s1-3.

    Args:
        outputs: Channels of the images, positive.
        style_dim: Length of a style; 0 where there is none, and norms are plain.
        width: Channels at full size; 2^halvings times as many in the code.
        halvings: How often the code is doubled.
        blocks: Residual blocks.
        units: Of the hidden layers that read the style, positive.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        outputs: int = 1,
        style_dim: int = 8,
        width: int = 64,
        halvings: int = 2,
        blocks: int = 4,
        units: int = 256,
    ) -> None:
        super().__init__()
        require_size("width", width)
        require_size("outputs", outputs)
        self.style_dim = require_not_negative("style_dim", style_dim)
        channels = width * 2 ** require_not_negative("halvings", halvings)
        count = require_not_negative("blocks", blocks)
        if style_dim:
            self.blocks = nn.ModuleList(AdaptiveBlock(channels) for _ in range(count))
            self.reader = nn.Sequential(
                nn.Linear(style_dim, require_size("units", units)),
                nn.ReLU(inplace=True),
                nn.Linear(units, units),
                nn.ReLU(inplace=True),
                nn.Linear(units, 4 * channels * count),
            )
        else:
            self.blocks = nn.ModuleList(ResidualBlock(channels, "instance") for _ in range(count))
        layers: list[nn.Module] = []
        for _ in range(halvings):
            layers += [
                nn.Upsample(scale_factor=2),
                nn.Conv2d(channels, channels // 2, 5, padding=2, padding_mode="reflect"),
                normalisation("layer", channels // 2),
                nn.ReLU(inplace=True),
            ]
            channels //= 2
        layers += [nn.Conv2d(channels, outputs, 7, padding=3, padding_mode="reflect"), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        draw_weights(self, initialise)

    def forward(self, code: Tensor, style: Tensor | None = None) -> Tensor:
        """Return images for content codes and, where the decoder takes them, styles."""
        if (style is None) is not (self.style_dim == 0):
            raise ValueError(f"this decoder takes styles of length {self.style_dim}")
        if style is None:
            for block in self.blocks:
                code = block(code)
        else:
            for block, part in zip(
                self.blocks, self.reader(style).chunk(len(self.blocks), dim=1), strict=True
            ):
                code = block(code, part)
        return cast(Tensor, self.layers(code))


def downwards(
    inputs: int, width: int, halvings: int, norm: Norm, most: int = 2**10
) -> tuple[list[nn.Module], int]:
    """Return a 7×7 convolution and halving 4×4 ones, and the channels that come out."""
    require_size("inputs", inputs)
    channels = require_size("width", width)
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, channels, 7, padding=3, padding_mode="reflect"),
        normalisation(norm, channels),
        nn.ReLU(inplace=True),
    ]
    for _ in range(require_not_negative("halvings", halvings)):
        wider = min(2 * channels, most * width)
        layers += [
            nn.Conv2d(channels, wider, 4, stride=2, padding=1),
            normalisation(norm, wider),
            nn.ReLU(inplace=True),
        ]
        channels = wider
    return layers, channels


def adapted(maps: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Return maps of mean 0 and deviation 1 each, scaled and shifted."""
    return scale * instance_norm(maps) + shift


def initialise(module: nn.Module) -> None:
    """Draw weights by He's law and set biases to 0, but of scales that a style makes, to 1."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, StyledDecoder) and module.style_dim and len(module.blocks):
        with torch.no_grad():  # visited after its layers
            last = cast(nn.Linear, module.reader[-1])
            parts = last.bias.reshape(len(module.blocks), 4, -1)
            parts[:, 0::2].fill_(1.0)
            last.weight.mul_(0.1)
