"""Ways for labels to enter a generator."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gan_lab.models.arguments import require_size

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


class Labels:
    """How labels enter a generator, beside its latents or through its norms.

    Attributes:
        num_classes: Number of labels, 0 where there are none.
        width: Coordinates that are added to the latent.
    """

    num_classes: int = 0
    width: int = 0

    def beside(self, latent: Tensor, labels: Tensor | None) -> Tensor:
        """Return latents (N, latent_dim + width) with what stands for the labels beside them."""
        return latent

    def batch_norm(self, kind: type[BatchNorm], channels: int) -> nn.Module:
        """Return a batch norm for ``channels``."""
        return kind(channels)


class NoLabels(Labels):
    """An unconditional generator's."""


class OneHotLabels(Labels):
    """Labels beside the latent, in one-hot code.

    References:
        Conditional Generative Adversarial Nets (Mirza and Osindero 2014), arXiv 1411.1784.

    Args:
        num_classes: Number of labels, positive.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = self.width = require_size("num_classes", num_classes)

    def beside(self, latent: Tensor, labels: Tensor | None) -> Tensor:
        assert labels is not None
        return torch.cat([latent, one_hot(labels, self.num_classes).to(latent.dtype)], dim=1)


class NormLabels(Labels):
    """Labels through every batch norm's scale and shift.

    References:
        A learned representation for artistic style (Dumoulin et al. 2017), arXiv 1610.07629.

    Args:
        num_classes: Number of labels, positive.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = require_size("num_classes", num_classes)

    def batch_norm(self, kind: type[BatchNorm], channels: int) -> nn.Module:
        return ConditionalBatchNorm(kind, channels, self.num_classes)


class Conditional(nn.Module, ABC):
    """A layer that takes labels (N,), or None, beside its input."""

    @abstractmethod
    def forward(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        """Return the layer's output for ``inputs`` and ``labels``."""


class ConditionalBatchNorm(Conditional):
    """Batch norm whose scale and shift belong to the label.

    References:
        A learned representation for artistic style (Dumoulin et al. 2017),
        equation 5, arXiv 1610.07629. cGANs with Projection Discriminator
        (Miyato and Koyama 2018), arXiv 1802.05637.

    Args:
        kind: nn.BatchNorm1d or nn.BatchNorm2d.
        channels: Of the input.
        num_classes: Number of labels.
    """

    def __init__(self, kind: type[BatchNorm], channels: int, num_classes: int) -> None:
        super().__init__()
        self.norm = kind(channels, affine=False)
        self.scale = nn.Embedding(num_classes, channels)
        self.shift = nn.Embedding(num_classes, channels)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        normal: Tensor = self.norm(inputs)
        rest = [1] * (inputs.ndim - 2)
        scale, shift = (
            table(labels).unflatten(1, (-1, *rest)) for table in (self.scale, self.shift)
        )
        outputs: Tensor = scale * normal + shift
        return outputs


class ConditionalSequential(Conditional):
    """Layers in a row, of which the conditional ones are handed the labels."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        for layer in self.layers:
            inputs = layer(inputs, labels) if isinstance(layer, Conditional) else layer(inputs)
        outputs: Tensor = inputs
        return outputs
