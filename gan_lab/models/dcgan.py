"""The deep convolutional pair of DCGAN, for any square image that halves down to 4 to 8 pixels."""

from collections.abc import Sequence
from typing import Any, Literal

from torch import Tensor, nn

from gan_lab.models.arguments import require_size
from gan_lab.models.base import Discriminator, Generator
from gan_lab.models.conditional import ConditionalSequential

Norm = Literal["batch", "layer", "none"]


class DCGANGenerator(Generator):
    r"""Project the latent to a small map, then double it with strided transposed convolutions.

    At 28 pixels: latent → 7×7 → 14×14 → 28×28; at 64: latent → 4×4 → … → 64×64.

    References:
        Unsupervised Representation Learning with Deep Convolutional Generative
        Adversarial Networks (Radford et al. 2016), section 3, arXiv 1511.06434.

    Args:
        latent_dim: Length of a latent vector, positive.
        image_shape: (channels, size, size).
        width: Channels of the largest hidden map; each smaller map has twice as many.
        options: See :class:`Generator`.

    Raises:
        ValueError: If a size is not positive or the image does not halve to 4..8 pixels.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        image_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
        **options: Any,
    ) -> None:
        super().__init__(latent_dim, image_shape, **options)
        require_size("width", width)
        start, doublings = halvings(self.image_shape)
        channels = width * 2 ** (doublings - 1)
        layers: list[nn.Module] = [
            nn.Linear(self.input_dim, start**2 * channels, bias=False),
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
            nn.ConvTranspose2d(channels, self.image_shape[0], 4, stride=2, padding=1),
            nn.Tanh(),
        ]
        self.layers = ConditionalSequential(*layers)
        self.complete(initialise)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        images: Tensor = self.layers(inputs, labels)
        return images


class DCGANDiscriminator(Discriminator):
    """The generator's mirror: strided convolutions with LeakyReLU 0.2 down to one logit.

    References:
        Radford et al. 2016, arXiv 1511.06434.

    Args:
        image_shape: (channels, size, size).
        width: Channels after the first convolution; each smaller map has twice as many.
        norm: "batch" as published; "layer" or "none" for a critic under a
            per-sample gradient penalty (Gulrajani et al. 2017, section 4).
        options: See :class:`Discriminator`.

    Raises:
        ValueError: If a size is not positive, the image does not halve to 4..8
            pixels, or ``norm`` is not one of the three.
    """

    def __init__(
        self,
        image_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
        norm: Norm = "batch",
        **options: Any,
    ) -> None:
        super().__init__(image_shape, **options)
        require_size("width", width)
        end, halves = halvings(self.image_shape)
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
        self.complete(channels * end**2, initialise)

    def body(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features


class UnflattenPixels(nn.Module):
    """Splits features (N, size·size·C) into maps (N, C, size, size), pixel by pixel.

    Args:
        channels: C.
        size: Pixels along an edge.
    """

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.channels, self.size = channels, size

    def forward(self, features: Tensor) -> Tensor:
        maps = features.reshape(-1, self.size, self.size, self.channels)
        return maps.permute(0, 3, 1, 2)


class FlattenPixels(nn.Module):
    """Joins maps (N, C, H, W) to features (N, H·W·C), pixel by pixel.

    That is the order in which convolutions keep them (channels last): nothing
    is copied, and the gradient comes back in the order of the maps.
    """

    def forward(self, maps: Tensor) -> Tensor:
        return maps.permute(0, 2, 3, 1).flatten(1)


def halvings(image_shape: Sequence[int]) -> tuple[int, int]:
    """Return the smallest map's size, 4 to 8 pixels, and the doublings from it to the image.

    >>> halvings((1, 28, 28)), halvings((3, 64, 64))
    ((7, 2), (4, 4))

    Raises:
        ValueError: If the image is not square or does not halve to 4..8 pixels.
    """
    size, halves = image_shape[-1], 0
    while size % 2 == 0 and size > 4:
        size, halves = size // 2, halves + 1
    if (
        len(image_shape) != 3
        or image_shape[1] != image_shape[2]
        or not 4 <= size <= 8
        or not halves
    ):
        raise ValueError(
            "this network needs square images whose size is 4, 5 or 7 times a power of two "
            f"(28, 32, 64, ...), got image_shape {list(image_shape)}"
        )
    return size, halves


def normalisation(norm: Norm, channels: int) -> nn.Module:
    """Return the layer named ``norm`` for maps of ``channels`` channels."""
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    if norm == "layer":
        return nn.GroupNorm(1, channels)  # one group: layer norm over (C, H, W)
    if norm == "none":
        return nn.Identity()
    raise ValueError(f"norm must be batch, layer or none, got {norm!r}")


def initialise(module: nn.Module) -> None:
    """Draw weights from N(0, 0.02²), batch norm's scale from N(1, 0.02²), as published."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm) and module.affine:
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
