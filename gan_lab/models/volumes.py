"""The deep convolutional pair in three axes, for solids and for clips: 3D-GAN, VGAN."""

from collections.abc import Sequence

from torch import Tensor, nn

from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone, Generator, draw_weights
from gan_lab.models.dcgan import initialise
from gan_lab.models.labels import ConditionalSequential, Labels
from gan_lab.models.normalisation import Norm, normalisation


class VolumeGenerator(Generator):
    """Project the latent to a small volume, then double it with strided transposed convolutions.

    At 32³: latent → 4³ → 8³ → 16³ → 32³, with batch norm and ReLU between. The output is a tanh, of
    which 3D-GAN's sigmoid is the same in other units: tanh(a) = 2 sigmoid(2a) - 1.

    References:
        Learning a Probabilistic Latent Space of Object Shapes via 3D Generative-Adversarial
        Modeling (Wu et al. 2016), section 3.1 and appendix, arXiv 1610.07584.

    Args:
        latent_dim: Length of a latent vector, positive; 200 in the paper.
        sample_shape: (channels, depth, height, width), or frames for depth.
        width: Channels of the largest hidden map; each smaller map has twice as many.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is not positive or the sample does not halve to 4..7 pixels.
    """

    def __init__(
        self,
        latent_dim: int = 200,
        sample_shape: Sequence[int] = (1, 32, 32, 32),
        width: int = 64,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        maps, channels = doubling_layers(self, width)
        head = nn.ConvTranspose3d(channels, self.sample_shape[0], 4, stride=2, padding=1)
        self.layers = ConditionalSequential(*maps, head, nn.Tanh())
        draw_weights(self, initialise)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        volumes: Tensor = self.layers(inputs, labels)
        return volumes


class VolumeBackbone(Backbone):
    """The generator's mirror: strided convolutions with LeakyReLU 0.2.

    References:
        Wu et al. 2016, section 3.1, arXiv 1610.07584. Generating Videos with Scene Dynamics
        (Vondrick et al. 2016), section 2.2, arXiv 1609.02612, for clips.

    Args:
        input_shape: (channels, depth, height, width), or frames for depth.
        width: Channels after the first convolution; each smaller map has twice as many.
        norm: "batch" as published; "layer" or "none" under a per-sample gradient penalty.

    Raises:
        ValueError: If a size is not positive, the sample does not halve to 4..7 pixels, or there is
            no such norm.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (1, 32, 32, 32),
        width: int = 64,
        norm: Norm = "batch",
    ) -> None:
        super().__init__(input_shape)
        require_size("width", width)
        end, halves = volume_halvings(self.input_shape)
        layers: list[nn.Module] = [
            nn.Conv3d(self.input_shape[0], width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        channels = width
        for _ in range(halves - 1):
            layers += [
                nn.Conv3d(channels, 2 * channels, 4, stride=2, padding=1, bias=norm == "none"),
                normalisation(norm, 2 * channels, axes=3),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            channels *= 2
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.features = channels * end[0] * end[1] * end[2]

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features

    def initialise(self, layer: nn.Module) -> None:
        initialise(layer)


def doubling_layers(generator: Generator, width: int) -> tuple[list[nn.Module], int]:
    """Return a generator's layers up to its largest hidden maps, and the channels of these."""
    require_size("width", width)
    start, doublings = volume_halvings(generator.sample_shape)
    channels = width * 2 ** (doublings - 1)
    layers: list[nn.Module] = [
        nn.Unflatten(1, (generator.input_dim, 1, 1, 1)),
        nn.ConvTranspose3d(generator.input_dim, channels, start, bias=False),
        generator.batch_norm(channels, nn.BatchNorm3d),
        nn.ReLU(inplace=True),
    ]
    for _ in range(doublings - 1):
        layers += [
            nn.ConvTranspose3d(channels, channels // 2, 4, stride=2, padding=1, bias=False),
            generator.batch_norm(channels // 2, nn.BatchNorm3d),
            nn.ReLU(inplace=True),
        ]
        channels //= 2
    return layers, channels


def volume_halvings(sample_shape: Sequence[int]) -> tuple[tuple[int, int, int], int]:
    """Return the smallest volume's sides and the doublings from it to the sample.

    >>> volume_halvings((1, 32, 32, 32)), volume_halvings((3, 16, 64, 64))
    (((4, 4, 4), 3), ((1, 4, 4), 4))

    Raises:
        ValueError: If the sample does not halve, along all axes, until the shorter side of a slice
            is 4 to 7 pixels.
    """
    sides = tuple(sample_shape[1:]) if len(sample_shape) == 4 else (0, 0, 0)
    halves = 0
    while not any(side % 2 for side in sides) and min(sides[1:]) >= 8:
        sides, halves = tuple(side // 2 for side in sides), halves + 1
    if not halves or not 4 <= min(sides[1:]) <= 7:
        raise ValueError(
            "this network needs samples [channels, depth or frames, height, width] that halve "
            "until the shorter of height and width is 4 to 7 pixels ([1, 16, 16, 16], "
            f"[3, 16, 32, 32], ...), got sample_shape {list(sample_shape)}"
        )
    depth, height, width = sides
    return (depth, height, width), halves
