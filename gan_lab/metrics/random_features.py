"""A ruler that no training has touched: convolutions whose weights were drawn once, from a seed."""

import hashlib

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, leaky_relu

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.media import Image
from gan_lab.media.image import to_bytes
from gan_lab.metrics.features import Activations, FeatureNetwork

WIDTH = 32
LAYERS = 3
POOLED = 2
"""Edge of the grid that the last maps are averaged over."""


class RandomFeatures(FeatureNetwork):
    """Strided convolutions with random weights, averaged over the quarters of the image.

    What a classifier learnt to ignore, such as speckles or a broken stroke,
    random filters still see; so a generator that is better by both rulers is
    better. Naeem et al. found random embeddings the safer choice where the
    images are unlike those that a network was trained on.

    References:
        Reliable Fidelity and Diversity Metrics for Generative Models (Naeem et
        al. 2020), section 3.3, arXiv 2002.09797.

    Args:
        medium: What the samples are made of: images.
        seed: Of the weights.

    Raises:
        ValueError: If the samples are no images of at least 8×8 pixels.
    """

    num_features = WIDTH * 2 ** (LAYERS - 1) * POOLED**2

    def __init__(self, medium: Medium, seed: int = 0) -> None:
        super().__init__()
        if not isinstance(medium, Image) or min(medium.shape[1:]) < 8:
            raise ValueError(
                f"metrics/features=random takes images of at least 8×8 pixels, got {medium.name} "
                f"of shape {list(medium.shape)}; metrics/features=raw takes any samples"
            )
        self.medium = medium
        self.name = "random" if seed == 0 else f"random_{seed}"
        generator = torch.Generator().manual_seed(seed)
        channels, digest = medium.shape[0], hashlib.sha256()
        self.kernels = nn.ParameterList()
        for layer in range(LAYERS):
            width = WIDTH * 2**layer
            deviation = (2 / (channels * 16)) ** 0.5  # keeps the features' scale: He et al. 2015
            kernel = torch.randn(width, channels, 4, 4, generator=generator) * deviation
            digest.update(kernel.numpy().tobytes())
            self.kernels.append(nn.Parameter(kernel, requires_grad=False))
            channels = width
        self.digest = digest.hexdigest()

    def maps(self, images: Tensor) -> list[Tensor]:
        found, maps = [], images
        for kernel in self.kernels:
            found.append(torch.conv2d(maps, kernel, stride=2, padding=1))
            maps = leaky_relu(found[-1], 0.2)
        return found

    def forward(self, samples: Tensor) -> Activations:
        shape = list(self.medium.shape)
        if list(samples.shape[1:]) != shape:
            raise LabError(f"samples must have shape {shape}, got {list(samples.shape[1:])}")
        images = self.medium.to_float(to_bytes(samples))  # as a file would hold them
        maps = leaky_relu(self.maps(images)[-1], 0.2)
        return Activations(adaptive_avg_pool2d(maps, POOLED).flatten(1))
