"""The discriminator's backbone of SRGAN, which looks at the whole image."""

from collections.abc import Sequence

from torch import Tensor, nn

from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone
from gan_lab.models.dcgan import FlattenPixels
from gan_lab.models.normalisation import Norm, normalisation


class SRGANBackbone(Backbone):
    """Pairs of 3×3 convolutions, the second of stride 2, twice as many channels each; dense units.

    References:
        Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network (Ledig
        et al. 2017), section 2.1.1 and figure 4, arXiv 1609.04802: k3n64s1, k3n64s2, ...,
        k3n512s2, LeakyReLU 0.2, no norm in the first layer, 1024 units.

    Args:
        input_shape: (channels, height, width).
        width: Channels of the first pair, twice as many in each further one, up to eight times.
        halvings: Pairs, positive; 4 in the paper, for 96 pixels.
        units: Of the dense layer, positive.
        norm: Of all maps but the first; "none" under a per-sample gradient penalty.

    Raises:
        ValueError: If a size is out of range, or the shape is not an image's.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
        halvings: int = 4,
        units: int = 1024,
        norm: Norm = "batch",
    ) -> None:
        super().__init__(input_shape)
        for name, value in (("width", width), ("halvings", halvings), ("units", units)):
            require_size(name, value)
        if len(self.input_shape) != 3:
            raise ValueError(f"this network takes images, got shape {list(self.input_shape)}")
        channels, height, width_left = self.input_shape
        layers: list[nn.Module] = []
        for pair in range(halvings):
            wider = width * min(2**pair, 8)
            for stride in (1, 2):
                first = not layers
                layers += [
                    nn.Conv2d(channels, wider, 3, stride=stride, padding=1),
                    nn.Identity() if first else normalisation(norm, wider),
                    nn.LeakyReLU(0.2, inplace=True),
                ]
                channels = wider
            height, width_left = (height + 1) // 2, (width_left + 1) // 2
        self.layers = nn.Sequential(
            *layers,
            FlattenPixels(),
            nn.Linear(channels * height * width_left, units),
            nn.LeakyReLU(0.2, inplace=True),
        )
        self.features = units

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features
