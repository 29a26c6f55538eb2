"""What every network promises: generators, and the backbones of discriminators."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from gan_lab.models.arguments import require_labels, require_shape, require_size
from gan_lab.models.labels import BatchNorm, ConditionalBatchNorm, Labels, NoLabels


class Generator(nn.Module, ABC):
    """Maps latents (N, latent_dim), and labels (N,) if it is conditional, to samples.

    Images lie in [-1, 1]; points, of shape (dimension,), are unbounded.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: Shape of one sample: (channels, height, width) or (dimension,).
        labels: How labels enter; see :mod:`gan_lab.models.labels`. By default not at all.

    Attributes:
        input_dim: Length of what the first layer sees: latents, and codes of labels.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self, latent_dim: int, sample_shape: Sequence[int], labels: Labels | None = None
    ) -> None:
        super().__init__()
        self.latent_dim = require_size("latent_dim", latent_dim)
        self.sample_shape = require_shape(sample_shape)
        self.labels = labels or NoLabels()
        self.input_dim = latent_dim + self.labels.width

    @property
    def num_classes(self) -> int:
        """Number of labels, 0 where there are none."""
        return self.labels.num_classes

    @property
    def sees_labels(self) -> bool:
        """Whether labels reach the samples: labels for norms need norms."""
        norms = any(isinstance(layer, ConditionalBatchNorm) for layer in self.modules())
        return self.num_classes > 0 and (self.labels.width > 0 or norms)

    def forward(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return samples (N, *sample_shape) for latents (N, latent_dim) and labels (N,)."""
        labels = require_labels("generator", labels, self.num_classes)
        return self.body(self.labels.beside(latent, labels), labels)

    @abstractmethod
    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        """Return samples for inputs (N, input_dim), labels for the norms that want them."""

    def batch_norm(self, channels: int, kind: type[BatchNorm] = nn.BatchNorm2d) -> nn.Module:
        """Return a batch norm for ``channels``, conditional where labels enter by the norms."""
        return self.labels.batch_norm(kind, channels)


class Backbone(nn.Module, ABC):
    """Maps samples (N, *input_shape) to features (N, features), or maps of them (N, features, ...).

    The discriminator that is made of it adds its heads and then draws all weights by
    :meth:`initialise`, so that a head starts as its paper has it.

    Args:
        input_shape: Shape of what the first layer sees.

    Attributes:
        features: Number of features; set by the subclass.

    Raises:
        ValueError: If a size is out of range.
    """

    features: int

    def __init__(self, input_shape: Sequence[int]) -> None:
        super().__init__()
        self.input_shape = require_shape(input_shape)

    @abstractmethod
    def forward(self, inputs: Tensor) -> Tensor:
        """Return features for inputs (N, *input_shape)."""

    def initialise(self, layer: nn.Module) -> None:
        """Draw a layer's weights; by default they stay as torch drew them."""


def draw_weights(network: nn.Module, initialise: Callable[[nn.Module], None] | None = None) -> None:
    """Draw a network's weights and put them into the order that convolutions are fastest in."""
    if initialise is not None:
        network.apply(initialise)
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    for parameter in network.parameters():
        if parameter.ndim in formats:
            parameter.data = parameter.data.to(memory_format=formats[parameter.ndim])
