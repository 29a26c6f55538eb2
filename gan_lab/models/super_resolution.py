"""Networks that enlarge images at the end, by pixel shuffle: SRResNet and RRDB."""

from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from gan_lab.models.arguments import require_size
from gan_lab.models.base import draw_weights
from gan_lab.models.translators import Translator


class SuperResolver(Translator):
    """Features at the small size, then ×2 by pixel shuffle as often as need be.

    Values are unbounded while training, as the papers have them, and clamped to [-1, 1] after.

    References:
        Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
        Convolutional Neural Network (Shi et al. 2016), arXiv 1609.05158, for the pixel shuffle.

    Args:
        inputs: See :class:`Translator`.
        outputs: See :class:`Translator`.
        beside: See :class:`Translator`.
        scale: How many times larger, 1, 2, 4 or 8.
        width: Channels of every map.

    Raises:
        ValueError: If a size is out of range.
    """

    upsampled_skip: bool = False
    """Whether the enlarged image itself is added at the end."""
    negative_slope: float = 0.2
    """Of the LeakyReLUs where it is enlarged."""

    def __init__(
        self, inputs: int = 1, outputs: int = 1, beside: int = 0, scale: int = 4, width: int = 64
    ) -> None:
        super().__init__(inputs, outputs, beside)
        if scale not in (1, 2, 4, 8):
            raise ValueError(f"scale must be 1, 2, 4 or 8, got {scale}")
        self.scale, doublings = scale, scale.bit_length() - 1
        require_size("width", width)
        rectifier = nn.LeakyReLU(self.negative_slope, inplace=True)
        self.first = nn.Conv2d(inputs + beside, width, 3, padding=1)
        self.up = nn.Sequential(
            *(
                layer
                for _ in range(doublings)
                for layer in (
                    nn.Conv2d(width, 4 * width, 3, padding=1),
                    nn.PixelShuffle(2),
                    rectifier,
                )
            )
        )
        self.last = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            rectifier,
            nn.Conv2d(width, outputs, 3, padding=1),
        )

    @abstractmethod
    def deep(self, maps: Tensor) -> Tensor:
        """Return deep features (N, width, H, W) of shallow ones."""

    def body(self, images: Tensor) -> Tensor:
        made: Tensor = self.last(self.up(self.deep(self.first(images))))
        if self.upsampled_skip:
            given = images[:, : self.outputs]
            made = made + interpolate(given, scale_factor=self.scale, mode="bilinear")
        return made if self.training else made.clamp(-1, 1)


class SRResNet(SuperResolver):
    """Residual blocks without norms, and the image itself, enlarged, beside them.

    References:
        Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network (Ledig
        et al. 2017), section 2.1.1, arXiv 1609.04802: 16 blocks of 64 channels. Without batch norm,
        with LeakyReLU 0.1 and the bilinear skip it is MSRResNet, as xinntao/BasicSR trains it,
        basicsr/archs/srresnet_arch.py.

    Args:
        inputs: See :class:`Translator`.
        outputs: See :class:`Translator`.
        beside: See :class:`Translator`.
        scale: See :class:`SuperResolver`.
        width: See :class:`SuperResolver`.
        blocks: Residual blocks, positive.

    Raises:
        ValueError: If a size is out of range, or an enlarged input has not the output's channels.
    """

    upsampled_skip = True
    negative_slope = 0.1

    def __init__(
        self,
        inputs: int = 1,
        outputs: int = 1,
        beside: int = 0,
        scale: int = 4,
        width: int = 64,
        blocks: int = 16,
    ) -> None:
        super().__init__(inputs, outputs, beside, scale, width)
        if inputs != outputs:
            raise ValueError(
                f"SRResNet adds what it is given to what it makes, and these have {inputs} and "
                f"{outputs} channels"
            )
        self.blocks = nn.Sequential(
            *(PlainBlock(width) for _ in range(require_size("blocks", blocks)))
        )
        draw_weights(self, initialise)

    def deep(self, maps: Tensor) -> Tensor:
        features: Tensor = self.blocks(leaky_relu(maps, self.negative_slope))
        return features


class RRDB(SuperResolver):
    """Residual-in-residual dense blocks, each residual scaled by 0.2.

    The paper's network enlarges by the nearest pixel; here it is the pixel shuffle.

    References:
        ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks (Wang et al. 2018),
        section 3.1, arXiv 1809.00219, and the authors' code, xinntao/ESRGAN, RRDBNet_arch.py: 23
        blocks of 64 channels that grow by 32.

    Args:
        inputs: See :class:`Translator`.
        outputs: See :class:`Translator`.
        beside: See :class:`Translator`.
        scale: See :class:`SuperResolver`.
        width: See :class:`SuperResolver`.
        blocks: Of three dense blocks each, positive.
        growth: Channels that each convolution in a dense block adds, positive.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        inputs: int = 1,
        outputs: int = 1,
        beside: int = 0,
        scale: int = 4,
        width: int = 64,
        blocks: int = 23,
        growth: int = 32,
    ) -> None:
        super().__init__(inputs, outputs, beside, scale, width)
        require_size("growth", growth)
        self.blocks = nn.Sequential(
            *(Residuals(width, growth) for _ in range(require_size("blocks", blocks))),
            nn.Conv2d(width, width, 3, padding=1),
        )
        draw_weights(self, initialise)

    def deep(self, maps: Tensor) -> Tensor:
        residual: Tensor = self.blocks(maps)
        return maps + residual


class PlainBlock(nn.Module):
    """Two 3×3 convolutions with a ReLU between them, added to what they are given.

    Args:
        width: Channels, in and out.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, maps: Tensor) -> Tensor:
        residual: Tensor = self.layers(maps)
        return maps + residual


class Dense(nn.Module):
    """Five 3×3 convolutions, each of all that came before it; a fifth of the last is added.

    Args:
        width: Channels, in and out.
        growth: Channels of each convolution but the last.
    """

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(width + k * growth, growth if k < 4 else width, 3, padding=1)
            for k in range(5)
        )

    def forward(self, maps: Tensor) -> Tensor:
        seen = maps
        for layer in self.layers[:-1]:
            seen = torch.cat([seen, leaky_relu(layer(seen), 0.2)], dim=1)
        residual: Tensor = self.layers[-1](seen)
        return maps + 0.2 * residual


class Residuals(nn.Module):
    """Three dense blocks, a fifth of which is added to what they are given.

    Args:
        width: Channels, in and out.
        growth: See :class:`Dense`.
    """

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(Dense(width, growth) for _ in range(3)))

    def forward(self, maps: Tensor) -> Tensor:
        residual: Tensor = self.layers(maps)
        return maps + 0.2 * residual


def initialise(module: nn.Module) -> None:
    """Draw a tenth of He's weights and set biases to 0: ESRGAN, section 3.1, "smaller"."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        with torch.no_grad():
            module.weight.mul_(0.1)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
