"""Fully connected networks, as in the introductory GAN on MNIST."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from gan_lab.models.arguments import flat_size, require_size
from gan_lab.models.base import Backbone, Generator, draw_weights
from gan_lab.models.labels import ConditionalSequential, Labels


class MLPGenerator(Generator):
    """Latent → hidden layers → tanh image (or unbounded points).

    The defaults are the article's 100 → 256 → 784.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: Shape of one sample; (2,) gives unbounded points.
        hidden: Widths of the hidden layers.
        batch_norm: Normalise every hidden layer but the first.
        negative_slope: Of the LeakyReLU after each hidden layer; 0 is a ReLU.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is not positive.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        sample_shape: Sequence[int] = (1, 28, 28),
        hidden: Sequence[int] = (256,),
        batch_norm: bool = False,
        negative_slope: float = 0.2,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        widths = [self.input_dim, *(require_size("hidden", width) for width in hidden)]
        layers: list[nn.Module] = []
        for index, (fan_in, fan_out) in enumerate(pairwise(widths)):
            layers.append(nn.Linear(fan_in, fan_out))
            if batch_norm and index > 0:
                layers.append(self.batch_norm(fan_out, nn.BatchNorm1d))
            layers.append(nn.LeakyReLU(negative_slope, inplace=True))
        layers.append(nn.Linear(widths[-1], flat_size(self.sample_shape)))
        if len(self.sample_shape) == 3:
            layers.append(nn.Tanh())
        self.layers = ConditionalSequential(*layers, nn.Unflatten(1, self.sample_shape))
        draw_weights(self)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        samples: Tensor = self.layers(inputs, labels)
        return samples


class MLPBackbone(Backbone):
    """Sample → hidden layers → one logit.

    The defaults are the article's 784 → 512 → 256 → 1. Its sigmoid lives in the loss.

    Args:
        input_shape: Shape of one sample.
        hidden: Widths of the hidden layers.
        negative_slope: Of the LeakyReLU after each hidden layer.

    Raises:
        ValueError: If a size is not positive.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (1, 28, 28),
        hidden: Sequence[int] = (512, 256),
        negative_slope: float = 0.2,
    ) -> None:
        super().__init__(input_shape)
        widths = [
            flat_size(self.input_shape),
            *(require_size("hidden", width) for width in hidden),
        ]
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, fan_out in pairwise(widths):
            layers += [nn.Linear(fan_in, fan_out), nn.LeakyReLU(negative_slope, inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.features = widths[-1]

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features
