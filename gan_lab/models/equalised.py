"""Layers whose learning rates are evened out, and those that styles modulate."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, leaky_relu, linear


class EqualisedLinear(nn.Module):
    r"""A linear map whose weights are N(0, 1), divided by :math:`\sqrt{\text{fan-in}}` in use.

    So all layers learn alike under Adam.

    References:
        Progressive Growing of GANs (Karras et al. 2018), section 4.1, arXiv 1710.10196.

    Args:
        inputs: Fan-in.
        outputs: Fan-out.
        bias: What biases start from.
        rate: Multiplies the learning rate; 0.01 in the mapping of StyleGAN.
    """

    equalised = True

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.rate, self.gain = rate, rate / math.sqrt(inputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return (N, outputs) for (N, inputs)."""
        return linear(inputs, self.weight * self.gain, self.bias * self.rate)


class EqualisedConv(nn.Module):
    """A convolution whose weights are N(0, 1), divided by the root of the fan-in in use.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        size: Of the kernel, odd.
    """

    equalised = True

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = 1 / math.sqrt(inputs * size**2)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps (N, outputs, H, W) for maps (N, inputs, H, W)."""
        padding = self.weight.shape[-1] // 2
        return conv2d(inputs, self.weight * self.gain, self.bias, padding=padding)


class ModulatedConv(nn.Module):
    r"""A convolution whose input channels are scaled by a style, and its outputs to unit length.

    .. math:: w'_{ijk} = s_i w_{ijk}, \qquad
        w''_{ijk} = w'_{ijk} / \sqrt{\textstyle\sum_{i,k} w'^2_{ijk} + \epsilon}

    The weights are the same for all samples: channels are scaled before the convolution and after
    it, which comes to the same and needs no grouped convolution.

    References:
        Analyzing and Improving the Image Quality of StyleGAN (Karras et al. 2020), equations 1 to
        3, arXiv 1912.04958.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        size: Of the kernel, odd.
        style: Length of w.
        demodulate: Whether outputs are brought to unit length.
    """

    def __init__(
        self, inputs: int, outputs: int, size: int, style: int, demodulate: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.style = EqualisedLinear(style, inputs, bias=1.0)
        self.gain, self.demodulate = 1 / math.sqrt(inputs * size**2), demodulate

    def forward(self, inputs: Tensor, w: Tensor) -> Tensor:
        """Return maps (N, outputs, H, W) for maps (N, inputs, H, W) and w (N, style)."""
        scales, weight = self.style(w), self.weight * self.gain
        maps = conv2d(inputs * scales[:, :, None, None], weight, padding=self.weight.shape[-1] // 2)
        if not self.demodulate:
            return maps
        lengths = scales.square() @ weight.square().sum(dim=(2, 3)).T
        demodulated: Tensor = maps * (lengths + 1e-8).rsqrt()[:, :, None, None]
        return demodulated


class StyledLayer(nn.Module):
    """A modulated convolution, noise of learnt strength, a bias and LeakyReLU 0.2.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        style: Length of w.
        size: Height and width of the map, for the noise that samples are drawn with.
        doubles: Whether the map is doubled first.
    """

    constant: Tensor

    def __init__(
        self, inputs: int, outputs: int, style: int, size: tuple[int, int], doubles: bool = False
    ) -> None:
        super().__init__()
        self.conv = ModulatedConv(inputs, outputs, 3, style)
        self.bias = nn.Parameter(torch.zeros(outputs, 1, 1))
        self.strength = nn.Parameter(torch.zeros(()))
        self.doubles = doubles
        self.register_buffer("constant", torch.randn(1, 1, *size))

    def forward(self, inputs: Tensor, w: Tensor) -> Tensor:
        """Return maps (N, outputs, H, W); in evaluation mode the noise is always the same."""
        if self.doubles:
            inputs = interpolate(inputs, scale_factor=2, mode="bilinear")
        maps = self.conv(inputs, w)
        noise = torch.randn_like(maps[:, :1]) if self.training else self.constant
        return activated(maps + self.strength * noise + self.bias)


def activated(maps: Tensor) -> Tensor:
    """Return LeakyReLU 0.2, which halves a variance, with the variance restored."""
    return leaky_relu(maps, 0.2) * math.sqrt(2)
