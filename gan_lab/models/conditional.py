"""Labels inside a network."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d


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
