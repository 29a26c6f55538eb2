"""The pair of networks of "Are GANs Created Equal?", which are InfoGAN's on MNIST."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from gan_lab.models.arguments import require_size, require_square
from gan_lab.models.base import Discriminator, Generator
from gan_lab.models.conditional import ConditionalSequential
from gan_lab.models.dcgan import Norm, initialise, normalisation


class InfoGANGenerator(Generator):
    """Two fully connected layers to a quarter of the image's size, then two doublings.

    References:
        InfoGAN (Chen et al. 2016), appendix C.1, arXiv 1606.03657. Are GANs
        Created Equal? (Lucic et al. 2018), arXiv 1711.10337.

    Args:
        latent_dim: Length of a latent vector, positive.
        image_shape: (channels, size, size), size a multiple of 4.
        width: Channels of the map at half the image's size; 64 in the papers.
        units: Units of the first layer; 1024 in the papers.
        options: See :class:`Generator`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        latent_dim: int = 64,
        image_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
        units: int = 1024,
        **options: Any,
    ) -> None:
        super().__init__(latent_dim, image_shape, **options)
        require_size("width", width)
        require_size("units", units)
        channels, size, _ = require_square(self.image_shape, multiple=4)
        quarter, mapped = size // 4, 2 * width
        self.layers = ConditionalSequential(
            nn.Linear(self.input_dim, units),
            self.batch_norm(units, nn.BatchNorm1d),
            nn.ReLU(inplace=True),
            nn.Linear(units, mapped * quarter**2),
            self.batch_norm(mapped * quarter**2, nn.BatchNorm1d),
            nn.ReLU(inplace=True),
            nn.Unflatten(1, (mapped, quarter, quarter)),
            nn.ConvTranspose2d(mapped, width, 4, stride=2, padding=1),
            self.batch_norm(width),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
            nn.Tanh(),
        )
        self.complete(initialise)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        images: Tensor = self.layers(inputs, labels)
        return images


class InfoGANDiscriminator(Discriminator):
    """Two strided convolutions, a fully connected layer, one logit.

    References:
        Chen et al. 2016, appendix C.1, arXiv 1606.03657. Lucic et al. 2018,
        arXiv 1711.10337.

    Args:
        image_shape: (channels, size, size), size a multiple of 4.
        width: Channels after the first convolution; 64 in the papers.
        units: Units of the fully connected layer; 1024 in the papers.
        norm: "batch" as published; "layer" or "none" under a per-sample penalty.
        options: See :class:`Discriminator`.

    Raises:
        ValueError: If a size is out of range or ``norm`` is not one of the three.
    """

    def __init__(
        self,
        image_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
        units: int = 1024,
        norm: Norm = "batch",
        **options: Any,
    ) -> None:
        super().__init__(image_shape, **options)
        require_size("width", width)
        require_size("units", units)
        _, size, _ = require_square(self.image_shape, multiple=4)
        self.layers = nn.Sequential(
            nn.Conv2d(self.input_shape[0], width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            normalisation(norm, 2 * width),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Flatten(),
            nn.Linear(2 * width * (size // 4) ** 2, units),
            nn.Unflatten(1, (units, 1, 1)),  # the norms here are for maps
            normalisation(norm, units),
            nn.Flatten(),
            nn.LeakyReLU(0.2, inplace=True),
        )
        self.complete(units, initialise)

    def body(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features
