"""What is done to samples before a discriminator's backbone sees them."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, one_hot

from gan_lab.contracts import Sample
from gan_lab.models.arguments import require_labels, require_size

Shape = tuple[int, ...]


class Input(nn.Module, ABC):
    """A change of what is judged, and of its shape.

    Attributes:
        reads: Keys of a sample that it needs beside what is judged.
        num_classes: Labels that it knows, 0 where it reads none.
        packing: Samples that it joins.
    """

    reads: tuple[str, ...] = ()
    num_classes: int = 0
    packing: int = 1

    @abstractmethod
    def shape(self, shape: Shape) -> Shape:
        """Return the shape of what comes out for what goes in."""

    @abstractmethod
    def forward(self, samples: Tensor, sample: Sample) -> Tensor:
        """Return the changed samples (N', *shape')."""


class LabelPlanes(Input):
    """Labels as constant one-hot channels.

    References:
        Conditional Generative Adversarial Nets (Mirza and Osindero 2014), arXiv 1411.1784.

    Args:
        num_classes: Number of labels, positive.
    """

    reads = ("label",)

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = require_size("num_classes", num_classes)

    def shape(self, shape: Shape) -> Shape:
        return (shape[0] + self.num_classes, *shape[1:])

    def forward(self, samples: Tensor, sample: Sample) -> Tensor:
        labels = require_labels("discriminator", sample.get("label"), self.num_classes)
        assert labels is not None
        return with_planes(samples, one_hot(labels, self.num_classes))


class Shrink(Input):
    """Images made smaller by means of 3×3 pixels around every second: a coarser scale.

    References:
        High-Resolution Image Synthesis with Conditional GANs (Wang et al. 2018), section 3.2, arXiv
        1711.11585, for discriminators at several scales.

    Args:
        halvings: How often height and width are halved, rounded up; positive.
    """

    def __init__(self, halvings: int = 1) -> None:
        super().__init__()
        self.halvings = require_size("halvings", halvings)

    def shape(self, shape: Shape) -> Shape:
        for _ in range(self.halvings):
            shape = (shape[0], *((size + 1) // 2 for size in shape[1:]))
        return shape

    def forward(self, samples: Tensor, sample: Sample) -> Tensor:
        for _ in range(self.halvings):
            samples = avg_pool2d(samples, 3, stride=2, padding=1, count_include_pad=False)
        return samples


class Packs(Input):
    """Several samples judged together, as channels of one; the logits are then (N / size,).

    References:
        PacGAN: The power of two samples in generative adversarial networks (Lin
        et al. 2018), arXiv 1712.04086.

    Args:
        size: Samples in a pack, positive; 1 changes nothing.
    """

    def __init__(self, size: int = 1) -> None:
        super().__init__()
        self.packing = require_size("packing", size)

    def shape(self, shape: Shape) -> Shape:
        return (shape[0] * self.packing, *shape[1:])

    def forward(self, samples: Tensor, sample: Sample) -> Tensor:
        if self.packing == 1:
            return samples
        if len(samples) % self.packing:
            raise ValueError(
                f"a batch of {len(samples)} does not divide into packs of {self.packing}"
            )
        return samples.reshape(-1, *self.shape(tuple(samples.shape[1:])))


def with_planes(samples: Tensor, vectors: Tensor) -> Tensor:
    """Return samples (N, C, ...) with each number of their vectors (N, K) as a constant channel."""
    planes = vectors.to(samples).reshape(*vectors.shape, *[1] * (samples.ndim - 2))
    return torch.cat([samples, planes.expand(-1, -1, *samples.shape[2:])], dim=1)
