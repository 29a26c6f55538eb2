"""Directions of a latent space in which samples change most, in closed form."""

import torch
from torch import Tensor, nn

from gan_lab.models.base import Generator
from gan_lab.models.stylegan2 import StyleGAN2Generator


def principal_directions(weight: Tensor, count: int) -> Tensor:
    r"""Return the unit vectors n that a linear map stretches most, as rows (count, d).

    .. math:: \max_{\|n\| = 1} \|A n\|^2,

    the eigenvectors of :math:`A^\top A`, the largest eigenvalue's first.

    References:
        Closed-Form Factorization of Latent Semantics in GANs (Shen and Zhou 2021), equations 4 to
        6, arXiv 2007.06600.

    Args:
        weight: A, shape (m, d).
        count: How many, at most d.
    """
    _, vectors = torch.linalg.eigh(weight.double().T @ weight.double())
    largest: Tensor = vectors.flip(1)[:, :count].T.to(weight.dtype)
    return largest


def first_map(generator: Generator) -> Tensor:
    """Return what a generator multiplies its latent by first, (m, latent_dim).

    Of a StyleGAN2 that is what its layers multiply w by, one below the other, (m, style).

    Raises:
        ValueError: If it has no linear map of its latent.
    """
    if isinstance(generator, StyleGAN2Generator):
        affine = [layer.conv.style for layer in generator.layers]  # type: ignore[union-attr]
        return torch.cat([layer.weight * layer.gain for layer in affine])  # type: ignore[union-attr, operator]
    for layer in generator.modules():
        if isinstance(layer, nn.Linear):
            return layer.weight[:, : generator.latent_dim]
    raise ValueError(f"{type(generator).__name__} has no linear map of its latent")


def walks(generator: Generator, latent: Tensor, count: int, distances: Tensor) -> Tensor:
    """Return samples along the principal directions, from one latent, a strip a direction.

    Args:
        generator: In evaluation mode, unconditional.
        latent: Where all strips pass through, (1, latent_dim).
        count: Directions, at most as many as there are coordinates.
        distances: From there along each direction, (steps,).

    Returns:
        Samples (count · steps, *sample_shape).
    """
    directions = principal_directions(first_map(generator), count)
    along = distances[None, :, None] * directions[:, None]
    if isinstance(generator, StyleGAN2Generator):
        moved = generator.styles(latent) + along.flatten(0, 1)[:, None]
        return generator.synthesise(moved)
    width = latent.shape[1]
    samples: Tensor = generator((latent + along[:, :, :width]).reshape(-1, width))
    return samples
