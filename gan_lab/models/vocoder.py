"""HiFi-GAN, narrowed: from mel bands to a wave, judged in periods and at scales."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, leaky_relu, pad
from torch.nn.utils.parametrizations import weight_norm

from gan_lab.contracts import Discriminator, Sample, Verdict
from gan_lab.models.arguments import require_size

SLOPE = 0.1


class Vocoder(nn.Module):
    """Transposed convolutions between which receptive fields of several widths are fused.

    References:
        HiFi-GAN: Generative Adversarial Networks for Efficient and High Fidelity Speech Synthesis
        (Kong et al. 2020), section 2.2 and appendix A.1, arXiv 2010.05646: V1 has 512 channels,
        kernels 3, 7, 11 and dilations 1, 3, 5.

    Args:
        bands: Of the mel spectrum, positive.
        width: Channels after the first convolution, divisible by 2 at each level.
        strides: Of each level; their product is the samples of a frame.
        kernels: Of the fused convolutions, odd.
        dilations: Of each of them, one after the other.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        bands: int = 40,
        width: int = 512,
        strides: Sequence[int] = (8, 4, 4),
        kernels: Sequence[int] = (3, 7, 11),
        dilations: Sequence[int] = (1, 3, 5),
    ) -> None:
        super().__init__()
        if require_size("width", width) % 2 ** len(strides):
            raise ValueError(f"width={width} does not divide by 2 at each of {len(strides)} levels")
        if any(kernel % 2 == 0 for kernel in kernels):
            raise ValueError(f"kernels must be odd, got {list(kernels)}")
        self.bands, self.hop = require_size("bands", bands), math.prod(strides)
        self.first = weight_norm(nn.Conv1d(bands, width, 7, padding=3))
        self.larger = nn.ModuleList()
        self.fused = nn.ModuleList()
        for stride in strides:
            # Twice the stride for a kernel: every sample has as many contributions.
            size, rest = 2 * stride, stride % 2
            layer = nn.ConvTranspose1d(
                width, width // 2, size, stride, (stride + rest) // 2, output_padding=rest
            )
            width //= 2
            self.larger.append(weight_norm(layer))
            self.fused.append(nn.ModuleList(Residual(width, k, dilations) for k in kernels))
        self.last = weight_norm(nn.Conv1d(width, 1, 7, padding=3))

    def forward(self, mel: Tensor) -> Tensor:
        """Return waves (N, 1, hop · frames) in [-1, 1] for mel spectra (N, bands, frames)."""
        maps = self.first(mel)
        for larger, fused in zip(self.larger, self.fused, strict=True):
            maps = larger(leaky_relu(maps, SLOPE))
            assert isinstance(fused, nn.ModuleList)
            parts = [block(maps) for block in fused]
            maps = torch.stack(parts).mean(0)
        wave: Tensor = self.last(leaky_relu(maps, SLOPE)).tanh()
        return wave


class Residual(nn.Module):
    """Dilated convolutions, each with a plain one after it, added to what they see.

    Args:
        width: Channels.
        kernel: Of each, odd.
        dilations: Of the first of each pair.
    """

    def __init__(self, width: int, kernel: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.pairs = nn.ModuleList()
        for dilation in dilations:
            reach = dilation * (kernel - 1) // 2
            wide = nn.Conv1d(width, width, kernel, padding=reach, dilation=dilation)
            plain = nn.Conv1d(width, width, kernel, padding=(kernel - 1) // 2)
            self.pairs.append(nn.ModuleList([weight_norm(wide), weight_norm(plain)]))

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (N, width, T)."""
        for pair in self.pairs:
            assert isinstance(pair, nn.ModuleList)
            wide, plain = pair
            maps = maps + plain(leaky_relu(wide(leaky_relu(maps, SLOPE)), SLOPE))
        return maps


class Layers(nn.Module):
    """Convolutions whose every map is told, and a last one to logits.

    Args:
        layers: All of them.
        period: Folds a wave into so many columns first; None judges it as it is, and shrunk.
        halvings: How often it is shrunk by half.
    """

    def __init__(
        self, layers: Sequence[nn.Module], period: int | None = None, halvings: int = 0
    ) -> None:
        super().__init__()
        self.layers, self.period, self.halvings = nn.ModuleList(layers), period, halvings

    def forward(self, waves: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return logits (N, patches) of waves (N, 1, T), and every layer's maps."""
        maps = waves
        for _ in range(self.halvings):
            maps = avg_pool1d(maps, 4, 2, padding=2)
        if self.period is not None:
            maps = pad(maps, (0, -maps.shape[-1] % self.period), mode="reflect")
            maps = maps.reshape(*maps.shape[:2], -1, self.period)
        found = []
        for layer in self.layers:
            maps = layer(maps)
            if layer is not self.layers[-1]:
                maps = leaky_relu(maps, SLOPE)
                found.append(maps)
        return maps.flatten(1), found


class PeriodsAndScales(Discriminator):
    """Discriminators that see every p-th sample, and others that see a wave at several scales.

    The maps of their layers are told for :class:`gan_lab.terms.LayerMatching`, under "maps.k".

    References:
        HiFi-GAN (Kong et al. 2020), section 2.3 and appendix A.2, arXiv 2010.05646: widths 32 to
        1,024 over five layers, periods 2, 3, 5, 7, 11, three scales.

    Args:
        sample_shape: (1, length).
        periods: Prime, so that they overlap as little as possible.
        scales: How many, at least 0.
        width: Channels of the first layers, positive; they double up to ``most``.
        most: Channels of the last layers, at least ``width``.

    Raises:
        ValueError: If a size is out of range, or nothing judges.
    """

    def __init__(
        self,
        sample_shape: Sequence[int] = (1, 8192),
        periods: Sequence[int] = (2, 3, 5, 7, 11),
        scales: int = 3,
        width: int = 32,
        most: int = 1024,
    ) -> None:
        super().__init__()
        if not periods and not scales:
            raise ValueError("nothing judges; give periods or scales")
        self.sample_shape = tuple(sample_shape)
        widths = [min(require_size("width", width) * 4**k, most) for k in range(3)]
        self.networks = nn.ModuleDict()
        for period in periods:
            layers = in_columns([1, *widths])
            self.networks[f"period_{require_size('periods', period)}"] = Layers(layers, period)
        for k in range(scales):
            self.networks[f"scale_{2**k}"] = Layers(in_a_row([1, *widths]), halvings=k)
        each = len(widths) + 1
        self.gives = tuple(f"maps.{k}" for k in range(each * len(self.networks)))

    def forward(self, sample: Sample) -> Verdict:
        """Return logits by period and scale, and the maps of all their layers."""
        logits: dict[str, Tensor] = {}
        maps: list[Tensor] = []
        for name, network in self.networks.items():
            logits[name], found = network(sample["x"])
            maps += found
        return Verdict(logits, {f"maps.{k}": one for k, one in enumerate(maps)})


def in_columns(channels: Sequence[int]) -> list[nn.Module]:
    """Return 5×1 convolutions of stride 3, a plain one and one to a logit."""
    layers = [
        nn.Conv2d(fan_in, fan_out, (5, 1), (3, 1), (2, 0)) for fan_in, fan_out in pairwise(channels)
    ]
    wide = channels[-1]
    layers += [nn.Conv2d(wide, wide, (5, 1), 1, (2, 0)), nn.Conv2d(wide, 1, (3, 1), 1, (1, 0))]
    return [weight_norm(layer) for layer in layers]


def in_a_row(channels: Sequence[int]) -> list[nn.Module]:
    """Return long convolutions of stride 4, a plain one and one to a logit."""
    layers = [nn.Conv1d(channels[0], channels[1], 15, 1, 7)]
    for fan_in, fan_out in pairwise(channels[1:]):
        groups = math.gcd(4, fan_in)
        layers.append(nn.Conv1d(fan_in, fan_out, 41, 4, 20, groups=groups))
    wide = channels[-1]
    layers += [nn.Conv1d(wide, wide, 5, 1, 2), nn.Conv1d(wide, 1, 3, 1, 1)]
    return [weight_norm(layer) for layer in layers]
