"""The pair of networks of "Are GANs Created Equal?", which are InfoGAN's on MNIST."""

from collections.abc import Sequence

from torch import Tensor, nn

from gan_lab.models.arguments import require_multiple, require_size
from gan_lab.models.base import Backbone, Generator, draw_weights
from gan_lab.models.dcgan import initialise
from gan_lab.models.labels import ConditionalSequential, Labels
from gan_lab.models.normalisation import Norm, normalisation


class InfoGANGenerator(Generator):
    """Two fully connected layers to a quarter of the image's size, then two doublings.

    The images lie in [-1, 1] by a tanh, the papers' in [0, 1] by a sigmoid.

    References:
        InfoGAN (Chen et al. 2016), appendix C.1, arXiv 1606.03657, and the authors' code,
        openai/InfoGAN, infogan/models/regularized_gan.py. Are GANs Created Equal? (Lucic et
        al. 2018), arXiv 1711.10337.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: (channels, height, width), multiples of 4.
        width: Channels of the map at half the image's size; 64 in the papers.
        units: Units of the first layer; 1024 in the papers.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        latent_dim: int = 64,
        sample_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
        units: int = 1024,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        require_size("width", width)
        require_size("units", units)
        channels, *size = require_multiple(self.sample_shape, 4)
        quarter, mapped = (size[0] // 4, size[1] // 4), 2 * width
        self.layers = ConditionalSequential(
            nn.Linear(self.input_dim, units),
            self.batch_norm(units, nn.BatchNorm1d),
            nn.ReLU(inplace=True),
            nn.Linear(units, mapped * quarter[0] * quarter[1]),
            self.batch_norm(mapped * quarter[0] * quarter[1], nn.BatchNorm1d),
            nn.ReLU(inplace=True),
            nn.Unflatten(1, (mapped, *quarter)),
            nn.ConvTranspose2d(mapped, width, 4, stride=2, padding=1),
            self.batch_norm(width),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
            nn.Tanh(),
        )
        draw_weights(self, initialise)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        images: Tensor = self.layers(inputs, labels)
        return images


class InfoGANBackbone(Backbone):
    """Two strided convolutions, a fully connected layer, one logit.

    Weights are drawn from N(0, 0.02²); InfoGAN's code truncates the convolutions' at 0.04.

    References:
        Chen et al. 2016, appendix C.1, arXiv 1606.03657, and the authors' code,
        openai/InfoGAN, infogan/models/regularized_gan.py. Lucic et al. 2018, arXiv
        1711.10337.

    Args:
        input_shape: (channels, height, width), multiples of 4.
        width: Channels after the first convolution; 64 in the papers.
        units: Units of the fully connected layer; 1024 in the papers.
        norm: "batch" as published; "layer" or "none" under a per-sample penalty.
        negative_slope: Of the LeakyReLUs; 0.2 in Lucic et al.'s code, 0.01 in InfoGAN's, whose
            paper says 0.1.

    Raises:
        ValueError: If a size is out of range or ``norm`` is not one of the three.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
        units: int = 1024,
        norm: Norm = "batch",
        negative_slope: float = 0.2,
    ) -> None:
        super().__init__(input_shape)
        require_size("width", width)
        require_size("units", units)
        _, height, across = require_multiple(self.input_shape, 4)
        self.layers = nn.Sequential(
            nn.Conv2d(self.input_shape[0], width, 4, stride=2, padding=1),
            nn.LeakyReLU(negative_slope, inplace=True),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            normalisation(norm, 2 * width),
            nn.LeakyReLU(negative_slope, inplace=True),
            nn.Flatten(),
            nn.Linear(2 * width * (height // 4) * (across // 4), units),
            nn.Unflatten(1, (units, 1, 1)),  # the norms here are for maps
            normalisation(norm, units),
            nn.Flatten(),
            nn.LeakyReLU(negative_slope, inplace=True),
        )
        self.features = units

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features

    def initialise(self, layer: nn.Module) -> None:
        initialise(layer)
