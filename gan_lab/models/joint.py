"""Discriminators of samples together with their codes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gan_lab.models.arguments import flat_size, require_shape, require_size
from gan_lab.models.base import Backbone
from gan_lab.models.discriminators import PerKey, Scores
from gan_lab.models.mlp import MLPBackbone


class JointBackbone(Backbone):
    """A backbone for samples, a layer for codes, and a layer for both together.

    Args:
        input_shape: (values of a sample + length of a code,).
        network: Builds the samples' backbone for their shape.
        sample_shape: Of one sample.
        units: Of the codes' layer and of the joint one, positive.
        negative_slope: Of the LeakyReLUs.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        network: Callable[[tuple[int, ...]], Backbone],
        sample_shape: Sequence[int],
        units: int = 512,
        negative_slope: float = 0.2,
    ) -> None:
        super().__init__(input_shape)
        self.sample_shape = require_shape(sample_shape)
        self.values = flat_size(self.sample_shape)
        code_dim = require_size("code_dim", self.input_shape[0] - self.values)
        self.of_samples = network(self.sample_shape)
        self.of_codes = nn.Sequential(
            nn.Linear(code_dim, require_size("units", units)),
            nn.LeakyReLU(negative_slope, inplace=True),
        )
        self.joint = nn.Sequential(
            nn.Linear(self.of_samples.features + units, units),
            nn.LeakyReLU(negative_slope, inplace=True),
        )
        self.features = units

    def forward(self, inputs: Tensor) -> Tensor:
        """Return features (N, units) of samples and codes side by side (N, values + code_dim)."""
        samples, codes = inputs[:, : self.values], inputs[:, self.values :]
        seen = self.of_samples(samples.reshape(-1, *self.sample_shape))
        seen = seen if seen.ndim == 2 else seen.flatten(2).mean(dim=2)
        features: Tensor = self.joint(torch.cat([seen, self.of_codes(codes)], dim=1))
        return features

    def initialise(self, layer: nn.Module) -> None:
        self.of_samples.initialise(layer)


class JointScores(Scores):
    """One logit for a sample ``x`` together with its code ``z``.

    References:
        Adversarial Feature Learning (Donahue et al. 2017), section 3, arXiv 1605.09782.
        Adversarially Learned Inference (Dumoulin et al. 2017), appendix A, arXiv 1606.00704.

    Args:
        network: Builds the samples' backbone for their shape.
        sample_shape: Of one sample.
        code_dim: Length of a code, positive.
        units: See :class:`JointBackbone`.
        options: See :class:`Scores`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        network: Callable[[tuple[int, ...]], Backbone],
        sample_shape: Sequence[int],
        code_dim: int,
        units: int = 512,
        **options: Any,
    ) -> None:
        shape = require_shape(sample_shape)
        both = partial(JointBackbone, network=network, sample_shape=shape, units=units)
        width = flat_size(shape) + require_size("code_dim", code_dim)
        super().__init__(both, (width,), reads=("x", "z"), **options)


class ClassAndStyle(PerKey):
    """Two discriminators of one code: of its class ``y``, and of its ``style``.

    References:
        Adversarial Autoencoders (Makhzani et al. 2016), section 5, arXiv 1511.05644.

    Args:
        code_dim: Length of class and style together.
        classes: Length of the class's part, positive and below ``code_dim``.
        hidden: Widths of the layers of each.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self, code_dim: int, classes: int = 10, hidden: Sequence[int] = (1000, 1000)
    ) -> None:
        style = require_size("code_dim - classes", code_dim - classes)
        layers = partial(MLPBackbone, hidden=hidden, negative_slope=0.0)
        super().__init__(
            y=Scores(layers, (classes,), reads=("y",)),
            style=Scores(layers, (style,), reads=("style",)),
        )
