"""The deep convolutional pair of DCGAN, for any image that halves down to 4 to 7 pixels."""

from collections.abc import Sequence

from torch import Tensor, nn

from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone, Generator, draw_weights
from gan_lab.models.labels import ConditionalSequential, Labels
from gan_lab.models.normalisation import Norm, normalisation


class DCGANGenerator(Generator):
    r"""Project the latent to a small map, then double it with strided transposed convolutions.

    At 28 pixels: latent → 7×7 → 14×14 → 28×28; at 64: latent → 4×4 → … → 64×64.

    References:
        Unsupervised Representation Learning with Deep Convolutional Generative
        Adversarial Networks (Radford et al. 2016), section 3, arXiv 1511.06434.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: (channels, height, width).
        width: Channels of the largest hidden map; each smaller map has twice as many.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is not positive or the image does not halve to 4..7 pixels.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        sample_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        require_size("width", width)
        start, doublings = halvings(self.sample_shape)
        channels = width * 2 ** (doublings - 1)
        layers: list[nn.Module] = [
            nn.Linear(self.input_dim, start[0] * start[1] * channels, bias=False),
            UnflattenPixels(channels, start),
            self.batch_norm(channels),
            nn.ReLU(inplace=True),
        ]
        for _ in range(doublings - 1):
            layers += [
                nn.ConvTranspose2d(channels, channels // 2, 4, stride=2, padding=1, bias=False),
                self.batch_norm(channels // 2),
                nn.ReLU(inplace=True),
            ]
            channels //= 2
        layers += [
            nn.ConvTranspose2d(channels, self.sample_shape[0], 4, stride=2, padding=1),
            nn.Tanh(),
        ]
        self.layers = ConditionalSequential(*layers)
        draw_weights(self, initialise)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        images: Tensor = self.layers(inputs, labels)
        return images


class DCGANBackbone(Backbone):
    """The generator's mirror: strided convolutions with LeakyReLU 0.2 down to one logit.

    References:
        Radford et al. 2016, arXiv 1511.06434.

    Args:
        input_shape: (channels, height, width).
        width: Channels after the first convolution; each smaller map has twice as many.
        norm: "batch" as published; "layer" or "none" for a critic under a
            per-sample gradient penalty (Gulrajani et al. 2017, section 4).

    Raises:
        ValueError: If a size is not positive, the image does not halve to 4..7
            pixels, or ``norm`` is not one of the three.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
        norm: Norm = "batch",
    ) -> None:
        super().__init__(input_shape)
        require_size("width", width)
        end, halves = halvings(self.input_shape)
        layers: list[nn.Module] = [
            nn.Conv2d(self.input_shape[0], width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        channels = width
        for _ in range(halves - 1):
            layers += [
                nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1, bias=norm == "none"),
                normalisation(norm, 2 * channels),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            channels *= 2
        self.layers = nn.Sequential(*layers, FlattenPixels())
        self.features = channels * end[0] * end[1]

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features

    def initialise(self, layer: nn.Module) -> None:
        initialise(layer)


class UnflattenPixels(nn.Module):
    """Splits features (N, H·W·C) into maps (N, C, H, W), pixel by pixel.

    Args:
        channels: C.
        size: H and W.
    """

    def __init__(self, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.channels, self.size = channels, size

    def forward(self, features: Tensor) -> Tensor:
        maps = features.reshape(-1, *self.size, self.channels)
        return maps.permute(0, 3, 1, 2)


class FlattenPixels(nn.Module):
    """Joins maps (N, C, H, W) to features (N, H·W·C), pixel by pixel.

    That is the order in which convolutions keep them (channels last): nothing
    is copied, and the gradient comes back in the order of the maps.
    """

    def forward(self, maps: Tensor) -> Tensor:
        return maps.permute(0, 2, 3, 1).flatten(1)


def halvings(sample_shape: Sequence[int]) -> tuple[tuple[int, int], int]:
    """Return the smallest map's height and width, and the doublings from it to the image.

    >>> halvings((1, 28, 28)), halvings((3, 64, 64)), halvings((3, 48, 80))
    (((7, 7), 2), ((4, 4), 4), ((6, 10), 3))

    Raises:
        ValueError: If the image does not halve until its shorter side is 4 to 7 pixels.
    """
    height, width = sample_shape[1:] if len(sample_shape) == 3 else (0, 0)
    halves = 0
    while height % 2 == width % 2 == 0 and min(height, width) >= 8:
        height, width, halves = height // 2, width // 2, halves + 1
    if not 4 <= min(height, width) <= 7 or not halves:
        raise ValueError(
            "this network needs images that halve until the shorter side is 4 to 7 pixels (28, 32, "
            f"48×80, ...), got sample_shape {list(sample_shape)}"
        )
    return (height, width), halves


CONVOLUTIONS = nn.Conv2d | nn.ConvTranspose2d | nn.Conv3d | nn.ConvTranspose3d
NORMS = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d | nn.GroupNorm


def initialise(module: nn.Module) -> None:
    """Draw weights from N(0, 0.02²), batch norm's scale from N(1, 0.02²), as published."""
    if isinstance(module, CONVOLUTIONS | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, NORMS) and module.affine:
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
