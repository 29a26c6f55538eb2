"""Fully connected networks, as in the introductory GAN on MNIST."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from gan_lab.models.arguments import flat_size, require_size
from gan_lab.models.base import Discriminator, Generator
from gan_lab.models.conditional import ConditionalSequential


class MLPGenerator(Generator):
    """Latent → hidden layers → tanh image (or unbounded points).

    The defaults are the article's 100 → 256 → 784.

    Args:
        latent_dim: Length of a latent vector, positive.
        image_shape: Shape of one sample; (2,) gives unbounded points.
        hidden: Widths of the hidden layers.
        batch_norm: Normalise every hidden layer but the first.
        negative_slope: Of the LeakyReLU after each hidden layer; 0 is a ReLU.
        options: See :class:`Generator`.

    Raises:
        ValueError: If a size is not positive.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        image_shape: Sequence[int] = (1, 28, 28),
        hidden: Sequence[int] = (256,),
        batch_norm: bool = False,
        negative_slope: float = 0.2,
        **options: Any,
    ) -> None:
        super().__init__(latent_dim, image_shape, **options)
        widths = [self.input_dim, *(require_size("hidden", width) for width in hidden)]
        layers: list[nn.Module] = []
        for index, (fan_in, fan_out) in enumerate(pairwise(widths)):
            layers.append(nn.Linear(fan_in, fan_out))
            if batch_norm and index > 0:
                layers.append(self.batch_norm(fan_out, nn.BatchNorm1d))
            layers.append(nn.LeakyReLU(negative_slope, inplace=True))
        layers.append(nn.Linear(widths[-1], flat_size(self.image_shape)))
        if len(self.image_shape) == 3:
            layers.append(nn.Tanh())
        self.layers = ConditionalSequential(*layers, nn.Unflatten(1, self.image_shape))
        self.complete()

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        samples: Tensor = self.layers(inputs, labels)
        return samples


class MLPDiscriminator(Discriminator):
    """Sample → hidden layers → one logit.

    The defaults are the article's 784 → 512 → 256 → 1. Its sigmoid lives in the loss.

    Args:
        image_shape: Shape of one sample.
        hidden: Widths of the hidden layers.
        negative_slope: Of the LeakyReLU after each hidden layer.
        options: See :class:`Discriminator`.

    Raises:
        ValueError: If a size is not positive.
    """

    def __init__(
        self,
        image_shape: Sequence[int] = (1, 28, 28),
        hidden: Sequence[int] = (512, 256),
        negative_slope: float = 0.2,
        **options: Any,
    ) -> None:
        super().__init__(image_shape, **options)
        widths = [
            flat_size(self.input_shape),
            *(require_size("hidden", width) for width in hidden),
        ]
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, fan_out in pairwise(widths):
            layers += [nn.Linear(fan_in, fan_out), nn.LeakyReLU(negative_slope, inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.complete(widths[-1])

    def body(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features
