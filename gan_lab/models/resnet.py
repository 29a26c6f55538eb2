"""Residual networks of the WGAN-GP and SNGAN type."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone, Generator, draw_weights
from gan_lab.models.dcgan import halvings
from gan_lab.models.labels import Conditional, ConditionalSequential, Labels
from gan_lab.models.normalisation import Norm, normalisation


class UpBlock(Conditional):
    """Two 3×3 convolutions beside a skip connection, at twice the input's size.

    Args:
        before: Norm of the input.
        between: Norm between the convolutions.
        inputs: Channels in.
        outputs: Channels out.
    """

    def __init__(self, before: nn.Module, between: nn.Module, inputs: int, outputs: int) -> None:
        super().__init__()
        self.before = ConditionalSequential(before, nn.ReLU())
        self.between = ConditionalSequential(between, nn.ReLU())
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1)

    def convolutions(self) -> list[nn.Conv2d]:
        """Return the residual's convolutions."""
        return [self.first, self.second]

    def forward(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        maps = self.first(interpolate(self.before(inputs, labels), scale_factor=2))
        residual: Tensor = self.second(self.between(maps, labels))
        return residual + interpolate(self.skip(inputs), scale_factor=2)


class DownBlock(nn.Module):
    """Two 3×3 convolutions beside a skip connection, then the mean of each 2×2 pixels.

    The skip is learnt, by a 1×1 convolution, where the map or its channels change.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        norm: Of the maps before each convolution.
        first: Whether this block meets the image, which no norm or ReLU comes before.
        halve: Whether the map shrinks.
    """

    def __init__(
        self, inputs: int, outputs: int, norm: Norm, first: bool = False, halve: bool = True
    ) -> None:
        super().__init__()
        before = [] if first else [normalisation(norm, inputs), nn.ReLU()]
        self.residual = nn.Sequential(
            *before,
            nn.Conv2d(inputs, outputs, 3, padding=1),
            normalisation(norm, outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1),
        )
        learnt = halve or inputs != outputs
        self.skip = nn.Conv2d(inputs, outputs, 1) if learnt else nn.Identity()
        self.halve = halve

    def convolutions(self) -> list[nn.Conv2d]:
        """Return the residual's convolutions."""
        return [layer for layer in self.residual if isinstance(layer, nn.Conv2d)]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps (N, outputs, H', W') for maps (N, inputs, H, W)."""
        # Pooling commutes with the 1×1 skip convolution, and is cheaper once than twice.
        maps: Tensor = self.residual(inputs) + self.skip(inputs)
        return avg_pool2d(maps, 2) if self.halve else maps


class ResNetGenerator(Generator):
    """Latent → small map → residual blocks that double it → tanh image.

    References:
        Improved Training of Wasserstein GANs (Gulrajani et al. 2017), appendix
        F, arXiv 1704.00028. Spectral Normalization for Generative Adversarial
        Networks (Miyato et al. 2018), table 4, arXiv 1802.05957, and the
        authors' code, pfnet-research/sngan_projection, gen_models/resnet_32.py:
        4,276,739 parameters at width 256.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels of every map; 256 (SNGAN) or 128 (WGAN-GP) in the papers.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is not positive or the image does not halve to 4..7 pixels.
    """

    def __init__(
        self,
        latent_dim: int = 128,
        sample_shape: Sequence[int] = (3, 32, 32),
        width: int = 128,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        require_size("width", width)
        start, doublings = halvings(self.sample_shape)
        blocks = [
            UpBlock(self.batch_norm(width), self.batch_norm(width), width, width)
            for _ in range(doublings)
        ]
        self.layers = ConditionalSequential(
            nn.Linear(self.input_dim, width * start[0] * start[1]),
            nn.Unflatten(1, (width, *start)),
            *blocks,
            self.batch_norm(width),
            nn.ReLU(),
            nn.Conv2d(width, self.sample_shape[0], 3, padding=1),
            nn.Tanh(),
        )
        draw_weights(self, initialise)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        images: Tensor = self.layers(inputs, labels)
        return images


class ResNetBackbone(Backbone):
    """Residual blocks that halve the image to 7 to 13 pixels, two more, the sum over all pixels.

    At 32 pixels two blocks halve, as in the papers, at 64 three. WGAN-GP takes the mean over all
    pixels in the sum's place, which is 64 times as small.

    References:
        Gulrajani et al. 2017, appendix F, arXiv 1704.00028. Miyato et al. 2018,
        table 4, arXiv 1802.05957, and the authors' code, pfnet-research/sngan_projection,
        dis_models/snresnet_32.py and dis_models/resblocks.py: 1,053,824 parameters with a
        readout that has no bias.

    Args:
        input_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels of every map; 128 in the papers.
        norm: "none" (SNGAN), "layer" (WGAN-GP) or "batch".

    Raises:
        ValueError: If a size is not positive or the image does not halve to 4..7 pixels.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (3, 32, 32),
        width: int = 128,
        norm: Norm = "none",
    ) -> None:
        super().__init__(input_shape)
        require_size("width", width)
        end, halves = halvings(self.input_shape)
        if min(end) < 7:  # a halving too many
            halves = max(1, halves - 1)
        self.layers = nn.Sequential(
            DownBlock(self.input_shape[0], width, norm, first=True),
            *(DownBlock(width, width, norm) for _ in range(halves - 1)),
            *(DownBlock(width, width, norm, halve=False) for _ in range(2)),
            nn.ReLU(),
        )
        self.features = width

    def forward(self, inputs: Tensor) -> Tensor:
        maps: Tensor = self.layers(inputs)
        return maps.sum(dim=(2, 3))

    def initialise(self, layer: nn.Module) -> None:
        if isinstance(layer, nn.Embedding):  # of labels, in a projection readout
            nn.init.xavier_uniform_(layer.weight)
        initialise(layer)


def initialise(module: nn.Module) -> None:
    """Draw weights as Glorot and Bengio, √2 as large in the residuals, and set biases to 0.

    That is the papers' code: sngan_projection's resblocks.py, and WGAN-GP's ``he_init``.
    """
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, UpBlock | DownBlock):  # visited after their convolutions
        with torch.no_grad():
            for layer in module.convolutions():
                layer.weight.mul_(2**0.5)
