"""What lets a discriminator see how samples of a batch differ."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone
from gan_lab.models.mlp import MLPBackbone


class MinibatchDeviation(nn.Module):
    """Adds a channel with the mean standard deviation within groups of samples.

    References:
        Progressive Growing of GANs (Karras et al. 2018), section 3, arXiv 1710.10196, and the
        authors' code, which takes groups of 4.

    Args:
        group: Samples in a group, at least 2; a batch that does not divide is one group.
    """

    couples_samples = True

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        if group < 2:
            raise ValueError(f"group must be at least 2, got {group}")
        self.group = group

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps (N, C + 1, ...) for maps (N, C, ...)."""
        count = len(inputs)
        group = self.group if count % self.group == 0 else count
        grouped = inputs.reshape(group, count // group, *inputs.shape[1:])  # every n-th together
        deviation = (grouped.var(dim=0, correction=0) + 1e-8).sqrt().flatten(1).mean(dim=1)
        plane = deviation.repeat(group).reshape(-1, *[1] * (inputs.ndim - 1))
        return torch.cat([inputs, plane.expand(count, 1, *inputs.shape[2:])], dim=1)


class MinibatchDiscrimination(nn.Module):
    r"""Adds features of how near a sample lies to the others of its batch.

    .. math:: o_b(x_i) = \sum_{j \ne i} e^{-\|M_{i,b} - M_{j,b}\|_1}, \qquad M_i = T f(x_i)

    References:
        Improved Techniques for Training GANs (Salimans et al. 2016), section 3.2, arXiv 1606.03498;
        the authors' code leaves a sample's likeness to itself out, as here.

    Args:
        features: F.
        kernels: B, how many features are added, positive.
        dims: Length of each row of M, positive.
    """

    couples_samples = True

    def __init__(self, features: int, kernels: int = 32, dims: int = 5) -> None:
        super().__init__()
        self.kernels = require_size("kernels", kernels)
        self.project = nn.Linear(features, kernels * require_size("dims", dims), bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return features (N, F + B) for features (N, F)."""
        rows = self.project(inputs).unflatten(1, (self.kernels, -1))
        distances = (rows[:, None] - rows[None]).abs().sum(dim=3)
        likeness = torch.exp(-distances).sum(dim=1) - 1  # of itself
        return torch.cat([inputs, likeness], dim=1)


class MinibatchBackbone(Backbone):
    """A backbone whose features tell how a sample differs from the others of its batch.

    Args:
        input_shape: Of what the first layer sees.
        network: Builds the backbone for that shape.
        kernels: Of the :class:`MinibatchDiscrimination`; 0 takes the
            :class:`MinibatchDeviation` of the features instead.
        group: Of that one.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        network: Callable[[tuple[int, ...]], Backbone] = MLPBackbone,
        kernels: int = 32,
        group: int = 4,
    ) -> None:
        super().__init__(input_shape)
        if kernels < 0:
            raise ValueError(f"kernels must not be negative, got {kernels}")
        self.backbone = network(self.input_shape)
        size = self.backbone.features
        self.beside = (
            MinibatchDiscrimination(size, kernels) if kernels else MinibatchDeviation(group)
        )
        self.features = size + (kernels or 1)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.backbone(inputs)
        pooled = features if features.ndim == 2 else features.flatten(2).mean(dim=2)
        outputs: Tensor = self.beside(pooled)
        return outputs

    def initialise(self, layer: nn.Module) -> None:
        self.backbone.initialise(layer)
