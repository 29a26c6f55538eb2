"""Weights whose length and direction are two things."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

SMALLEST_DEVIATION = 1e-3
"""Of what counts as activations that vary."""


class NormalisedLinear(nn.Module):
    """A fully connected layer whose weights turn, and have a length that stays or is learnt.

    References:
        Salimans and Kingma 2016, section 3, arXiv 1602.07868: lengths and biases by which the
        activations of the first samples have mean 0 and variance 1. openai/improved-gan,
        mnist_svhn_cifar10/nn.py: DenseLayer, whose lengths then stay but in the last layer.

    Args:
        fan_in: Numbers that come in.
        fan_out: Numbers that go out.
        learnt: Whether training moves the lengths.
    """

    length: Tensor
    met: Tensor

    def __init__(self, fan_in: int, fan_out: int, learnt: bool = False) -> None:
        super().__init__()
        # By how long this is, an optimizer's steps turn the weights; as in the authors' code.
        self.direction = nn.Parameter(0.1 * torch.randn(fan_out, fan_in))
        self.bias = nn.Parameter(torch.zeros(fan_out))
        if learnt:
            self.length = nn.Parameter(torch.ones(fan_out))
        else:
            self.register_buffer("length", torch.ones(fan_out))
        self.register_buffer("met", torch.zeros((), dtype=torch.bool))

    @property
    def weight(self) -> Tensor:
        """The weights (fan_out, fan_in), each row of its length."""
        return normalize(self.direction) * self.length[:, None]

    @torch.no_grad()
    def meet(self, samples: Tensor) -> None:
        """Give samples (N, fan_in) activations of mean 0 and variance 1, if they are the first."""
        if self.met:
            return
        activations = self(samples)
        deviation, mean = torch.std_mean(activations, dim=0, correction=0)
        deviation = deviation.clamp(min=SMALLEST_DEVIATION)
        self.length /= deviation
        self.bias.copy_(-mean / deviation)
        self.met.fill_(True)

    def forward(self, inputs: Tensor) -> Tensor:
        return linear(inputs, self.weight, self.bias)
