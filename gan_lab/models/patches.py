"""A discriminator's backbone and readout that judge each patch of an image by itself."""

from collections.abc import Sequence

from torch import Tensor, nn

from gan_lab.contracts import Sample
from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone
from gan_lab.models.dcgan import initialise
from gan_lab.models.normalisation import Norm, normalisation
from gan_lab.models.readouts import Readout


class PatchBackbone(Backbone):
    """Strided convolutions down to a map of features, one for each patch of the image.

    Three layers, the stride-1 convolution after them and :class:`PatchReadout` see patches of 70
    pixels, two see 34, one sees 16.

    References:
        Image-to-Image Translation with Conditional Adversarial Networks (Isola et al. 2017),
        section 3.2.2 and appendix 6.1.2, arXiv 1611.07004: C64-C128-C256-C512, LeakyReLU 0.2, no
        norm in the first layer.

    Args:
        input_shape: (channels, height, width).
        width: Channels of the first map, twice as many in each further one, up to eight times.
        layers: Halvings, positive.
        norm: Of all maps but the first; "none" under a per-sample gradient penalty.
        negative_slope: Of the LeakyReLUs.

    Raises:
        ValueError: If a size is out of range, the image is too small for so many layers, or there
            is no such norm.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
        layers: int = 3,
        norm: Norm = "batch",
        negative_slope: float = 0.2,
    ) -> None:
        super().__init__(input_shape)
        require_size("width", width)
        require_size("layers", layers)
        smallest = 3 * 2**layers
        if len(self.input_shape) != 3 or min(self.input_shape[1:]) < smallest:
            raise ValueError(
                f"patches of {layers} layers need images of at least {smallest}×{smallest} pixels, "
                f"got {list(self.input_shape)}; fewer layers look at smaller ones"
            )
        parts: list[nn.Module] = [
            nn.Conv2d(self.input_shape[0], width, 4, stride=2, padding=1),
            nn.LeakyReLU(negative_slope, inplace=True),
        ]
        channels = width
        for layer in range(1, layers + 1):
            wider = width * min(2**layer, 8)
            parts += [
                nn.Conv2d(channels, wider, 4, stride=2 if layer < layers else 1, padding=1),
                normalisation(norm, wider),
                nn.LeakyReLU(negative_slope, inplace=True),
            ]
            channels = wider
        self.layers = nn.Sequential(*parts)
        self.features = channels

    def forward(self, inputs: Tensor) -> Tensor:
        maps: Tensor = self.layers(inputs)
        return maps

    def initialise(self, layer: nn.Module) -> None:
        initialise(layer)


class PatchReadout(Readout):
    """A 4×4 convolution from maps of features (N, F, H, W) to logits (N, H - 1, W - 1).

    References:
        Isola et al. 2017, appendix 6.1.2, arXiv 1611.07004.

    Args:
        features: F.
        bias: Whether a constant is added.
    """

    def __init__(self, features: int, bias: bool = True) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(features, 1, 4, padding=1, bias=bias)

    def forward(self, features: Tensor, sample: Sample) -> Tensor:
        logits: Tensor = self.convolution(features).squeeze(1)
        return logits
