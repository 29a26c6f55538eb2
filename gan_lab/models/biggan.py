"""A class-conditional residual pair of BigGAN's type, with self-attention."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from gan_lab.models.arguments import require_size
from gan_lab.models.attention import SelfAttention
from gan_lab.models.base import Backbone, Generator, draw_weights
from gan_lab.models.dcgan import halvings
from gan_lab.models.labels import Labels
from gan_lab.models.normalisation import Norm
from gan_lab.models.resnet import DownBlock


class ModulatedNorm(nn.Module):
    """Batch norm whose scale and shift are linear in what it is given.

    Args:
        channels: Of the input.
        width: Length of what it is given.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale, self.shift = (nn.Linear(width, channels, bias=False) for _ in range(2))

    def forward(self, inputs: Tensor, given: Tensor) -> Tensor:
        """Return maps of the shape of ``inputs``, (N, C, H, W), for what is given (N, width)."""
        scale, shift = (layer(given)[:, :, None, None] for layer in (self.scale, self.shift))
        outputs: Tensor = self.norm(inputs) * (1 + scale) + shift
        return outputs


class ModulatedBlock(nn.Module):
    """Two 3×3 convolutions beside a skip connection, at twice the input's size.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        width: Length of what its norms are given.
    """

    def __init__(self, inputs: int, outputs: int, width: int) -> None:
        super().__init__()
        self.before, self.between = ModulatedNorm(inputs, width), ModulatedNorm(outputs, width)
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1)

    def forward(self, inputs: Tensor, given: Tensor) -> Tensor:
        """Return maps (N, outputs, 2H, 2W) for maps (N, inputs, H, W)."""
        maps = interpolate(self.before(inputs, given).relu(), scale_factor=2)
        residual: Tensor = self.second(self.between(self.first(maps), given).relu())
        return residual + interpolate(self.skip(inputs), scale_factor=2)


class BigGANGenerator(Generator):
    """Residual blocks that each read a part of the latent, and one embedding of the label.

    Labels enter by ``OneHotLabels``, whose linear map is the shared embedding. The latent is cut
    into one part for the first map and one for each block (hierarchical z).

    References:
        Large Scale GAN Training for High Fidelity Natural Image Synthesis (Brock et al. 2019),
        section 3 and appendix B, arXiv 1809.11096. Self-Attention GANs (Zhang et al. 2019), arXiv
        1805.08318.

    Args:
        latent_dim: Length of a latent vector, at least as many as there are parts.
        sample_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels of the last block; each block before it has twice as many.
        embedding: Length of the shared embedding, positive.
        attention: Whether the map of half the image's size attends to itself.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is out of range or the image does not halve to 4..7 pixels.
    """

    def __init__(
        self,
        latent_dim: int = 120,
        sample_shape: Sequence[int] = (3, 32, 32),
        width: int = 16,
        embedding: int = 64,
        attention: bool = True,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        require_size("width", width)
        self.start, doublings = halvings(self.sample_shape)
        if latent_dim <= doublings:
            raise ValueError(
                f"latent_dim must be at least {doublings + 1}, a part a map, got {latent_dim}"
            )
        sizes = [len(part) for part in torch.arange(latent_dim).tensor_split(doublings + 1)]
        classes = self.labels.width
        self.sizes = sizes
        self.embedding = nn.Linear(classes, embedding, bias=False) if classes else None
        known = embedding if classes else 0
        channels = [width * 2 ** (doublings - 1 - k) for k in range(doublings)]
        self.channels = channels[0]
        self.first = nn.Linear(sizes[0], channels[0] * self.start[0] * self.start[1])
        self.blocks = nn.ModuleList(
            ModulatedBlock(channels[max(0, k - 1)], channels[k], sizes[k + 1] + known)
            for k in range(doublings)
        )
        # Before the last block the map is half as large as the image.
        self.attention = SelfAttention(channels[max(0, doublings - 2)]) if attention else None
        self.last = nn.Sequential(
            nn.BatchNorm2d(channels[-1]),
            nn.ReLU(),
            nn.Conv2d(channels[-1], self.sample_shape[0], 3, padding=1),
            nn.Tanh(),
        )
        draw_weights(self, initialise)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        latent, code = inputs[:, : self.latent_dim], inputs[:, self.latent_dim :]
        first, *parts = torch.split(latent, self.sizes, dim=1)
        if self.embedding is not None:
            embedded = self.embedding(code)
            parts = [torch.cat([part, embedded], dim=1) for part in parts]
        maps = self.first(first).reshape(-1, self.channels, *self.start)
        for number, (block, given) in enumerate(zip(self.blocks, parts, strict=True), start=1):
            if self.attention is not None and number == len(parts):
                maps = self.attention(maps)
            maps = block(maps, given)
        images: Tensor = self.last(maps)
        return images


class BigGANBackbone(Backbone):
    """Residual blocks that halve the image, with self-attention after the first, summed at last.

    References:
        Brock et al. 2019, appendix B, arXiv 1809.11096.

    Args:
        input_shape: (channels, height, width) that halve to 4..7 pixels.
        width: Channels after the first block; each smaller map has twice as many.
        norm: "none" as published, under spectral norm; "layer" or "batch".
        attention: Whether the map of half the image's size attends to itself.

    Raises:
        ValueError: If a size is not positive or the image does not halve to 4..7 pixels.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (3, 32, 32),
        width: int = 16,
        norm: Norm = "none",
        attention: bool = True,
    ) -> None:
        super().__init__(input_shape)
        require_size("width", width)
        _, halves = halvings(self.input_shape)
        layers: list[nn.Module] = [DownBlock(self.input_shape[0], width, norm, first=True)]
        if attention:
            layers.append(SelfAttention(width))
        channels = width
        for _ in range(halves - 1):
            layers.append(DownBlock(channels, 2 * channels, norm))
            channels *= 2
        layers.append(DownBlock(channels, channels, norm, halve=False))
        self.layers = nn.Sequential(*layers, nn.ReLU())
        self.features = channels

    def forward(self, inputs: Tensor) -> Tensor:
        maps: Tensor = self.layers(inputs)
        return maps.sum(dim=(2, 3))

    def initialise(self, layer: nn.Module) -> None:
        initialise(layer)


def initialise(module: nn.Module) -> None:
    """Draw weights as random orthogonal matrices and set biases to 0, as published."""
    if isinstance(module, nn.Conv2d | nn.Linear | nn.Embedding):
        nn.init.orthogonal_(module.weight)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
