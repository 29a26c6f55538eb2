"""Latents with independent continuous coordinates."""

import torch
from torch import Tensor

from gan_lab.contracts import Prior, Sample


class Normal(Prior):
    """N(0, I).

    Args:
        dim: Length of a latent vector, positive.
    """

    def forward(self, count: int, random: torch.Generator | None = None) -> Sample:
        return {"z": normal(count, self.dim, self.device_like, random)}


class Uniform(Prior):
    """U(-1, 1) in every coordinate, as WaveGAN and Lucic et al. (2018) draw.

    Args:
        dim: Length of a latent vector, positive.
    """

    def forward(self, count: int, random: torch.Generator | None = None) -> Sample:
        return {"z": uniform(count, self.dim, self.device_like, random)}


def normal(count: int, dim: int, like: Tensor, random: torch.Generator | None) -> Tensor:
    """Return N(0, 1) numbers (count, dim) of the kind of ``like``.

    A given generator draws on its own device, so that what it draws depends on its seed alone.
    """
    if random is None:
        return torch.randn((count, dim), device=like.device, dtype=like.dtype)
    return torch.randn((count, dim), generator=random, device=random.device).to(like)


def uniform(count: int, dim: int, like: Tensor, random: torch.Generator | None) -> Tensor:
    """Return U(-1, 1) numbers (count, dim); see :func:`normal`."""
    if random is None:
        return torch.rand((count, dim), device=like.device, dtype=like.dtype).mul_(2).sub_(1)
    drawn = torch.rand((count, dim), generator=random, device=random.device)
    return drawn.mul_(2).sub_(1).to(like)
