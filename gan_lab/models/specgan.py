"""SpecGAN: DCGAN on spectrograms of any height and width."""

from collections.abc import Sequence

from torch import Tensor, nn

from gan_lab.models.arguments import require_multiple
from gan_lab.models.base import Backbone, Generator
from gan_lab.models.labels import Labels
from gan_lab.models.wavegan import widths


class SpecGANGenerator(Generator):
    """A dense layer and transposed convolutions of 5×5, each twice as high and wide.

    References:
        Adversarial Audio Synthesis (Donahue et al. 2019), table 6, arXiv 1802.04208: width 64 and
        five convolutions to 128×128.

    Args:
        latent_dim: See :class:`Generator`.
        sample_shape: (channels, height, width), multiples of 2 to the power of ``layers``.
        width: Channels before the last convolution, positive.
        layers: Convolutions, positive.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        sample_shape: Sequence[int] = (1, 128, 64),
        width: int = 64,
        layers: int = 5,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        channels = widths(width, layers)[::-1]
        made, height, wide = require_multiple(self.sample_shape, 2**layers)
        height, wide = height // 2**layers, wide // 2**layers
        self.dense = nn.Sequential(
            nn.Linear(self.input_dim, channels[0] * height * wide),
            nn.Unflatten(1, (channels[0], height, wide)),
            nn.ReLU(inplace=True),
        )
        steps: list[nn.Module] = []
        for fan_in, fan_out in zip(channels, [*channels[1:], made], strict=True):
            steps += [
                nn.ConvTranspose2d(fan_in, fan_out, 5, 2, 2, output_padding=1),
                nn.ReLU(inplace=True),
            ]
        self.layers = nn.Sequential(*steps[:-1], nn.Tanh())

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        images: Tensor = self.layers(self.dense(inputs))
        return images


class SpecGANBackbone(Backbone):
    """Convolutions of 5×5, each half as high and wide.

    References:
        See :class:`SpecGANGenerator`, table 7.

    Args:
        input_shape: (channels, height, width), multiples of 2 to the power of ``layers``.
        width: Channels after the first convolution, positive.
        layers: Convolutions, positive.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self, input_shape: Sequence[int] = (1, 128, 64), width: int = 64, layers: int = 5
    ) -> None:
        super().__init__(input_shape)
        channels = widths(width, layers)
        planes, height, wide = require_multiple(self.input_shape, 2**layers)
        steps: list[nn.Module] = []
        for fan_in, fan_out in zip([planes, *channels], channels, strict=False):
            steps += [nn.Conv2d(fan_in, fan_out, 5, 2, 2), nn.LeakyReLU(0.2, inplace=True)]
        self.layers = nn.Sequential(*steps, nn.Flatten())
        self.features = channels[-1] * (height // 2**layers) * (wide // 2**layers)

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features
