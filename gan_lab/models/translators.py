"""From images to images: networks that take any height and width."""

from abc import ABC, abstractmethod
from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import pad

from gan_lab.models.arguments import require_not_negative, require_size
from gan_lab.models.base import draw_weights
from gan_lab.models.dcgan import initialise
from gan_lab.models.normalisation import Norm, normalisation

Padding = Literal["reflect", "zeros"]
PADDINGS: tuple[Padding, ...] = "reflect", "zeros"


class Translator(nn.Module, ABC):
    """Maps images (N, inputs + beside, H, W) to images (N, outputs, scale·H, scale·W).

    Args:
        inputs: Channels of what is translated, positive.
        outputs: Channels of what it becomes, positive.
        beside: Channels of what the task lays beside it, such as a mask, labels or a code.

    Attributes:
        scale: Height of what comes out by the height of what goes in.
        multiple: Heights and widths that the layers can work on are multiples of this.
        smallest: And at least this. Others are padded at the right and at the bottom by what lies
            there, and what comes of that is cut off again.

    Raises:
        ValueError: If a size is out of range.
    """

    scale: int = 1
    multiple: int = 1
    smallest: int = 1

    def __init__(self, inputs: int = 1, outputs: int = 1, beside: int = 0) -> None:
        super().__init__()
        self.inputs = require_size("inputs", inputs)
        self.outputs = require_size("outputs", outputs)
        self.beside = require_not_negative("beside", beside)

    def forward(self, images: Tensor) -> Tensor:
        """Return the translations (N, outputs, scale·H, scale·W) of images of any size."""
        channels, expected = images.shape[1], self.inputs + self.beside
        if channels != expected:
            raise ValueError(f"this network translates {expected} channel(s), got {channels}")
        height, width = images.shape[2:]
        made = self.body(padded(images, self.multiple, self.smallest))
        return made[:, :, : self.scale * height, : self.scale * width]

    @abstractmethod
    def body(self, images: Tensor) -> Tensor:
        """Return the translations of images whose sizes are multiples of :attr:`multiple`."""


def padded(images: Tensor, multiple: int, smallest: int = 1) -> Tensor:
    """Return images repeated at the right and at the bottom until their sizes are such multiples.

    Args:
        images: (N, C, H, W), of any size.
        multiple: That both sizes shall be multiples of.
        smallest: That both shall have at least; a multiple too.
    """
    height, width = images.shape[2:]
    below, right = (max(smallest - size, -size % multiple) for size in (height, width))
    return pad(images, (0, right, 0, below), mode="replicate") if below or right else images


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions with a norm each, added to what they are given.

    Args:
        width: Channels, in and out.
        norm: After each convolution.
        padding: Of borders; see :class:`ResNetTranslator`.
    """

    def __init__(self, width: int, norm: Norm, padding: Padding = "reflect") -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, padding_mode=padding),
            normalisation(norm, width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, padding_mode=padding),
            normalisation(norm, width),
        )

    def forward(self, maps: Tensor) -> Tensor:
        residual: Tensor = self.layers(maps)
        return maps + residual


class ResNetTranslator(Translator):
    """Halve twice, transform by residual blocks, double twice; instance norm throughout.

    References:
        Perceptual Losses for Real-Time Style Transfer and Super-Resolution (Johnson et al. 2016),
        arXiv 1603.08155. Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
        Networks (Zhu et al. 2017), appendix 7.2, arXiv 1703.10593: c7s1-64, d128, d256, nine
        R256 (six at 128 pixels), u128, u64, c7s1-3.

    Args:
        inputs: See :class:`Translator`.
        outputs: See :class:`Translator`.
        beside: See :class:`Translator`.
        width: Channels at full size; twice and four times as many below.
        blocks: Residual blocks, positive.
        halvings: How often the image is halved.
        norm: Of all maps but the last.
        padding: What convolutions see beyond borders: the image reflected ("reflect"), or "zeros".
            Planes that are the same everywhere, such as labels, pass an instance norm by zeros at
            the borders alone: StarGAN's authors pad with them.

    Raises:
        ValueError: If a size is out of range, or there is no such norm or padding.
    """

    def __init__(
        self,
        inputs: int = 1,
        outputs: int = 1,
        beside: int = 0,
        width: int = 64,
        blocks: int = 9,
        halvings: int = 2,
        norm: Norm = "instance",
        padding: Padding = "reflect",
    ) -> None:
        super().__init__(inputs, outputs, beside)
        if padding not in PADDINGS:
            raise ValueError(f"padding must be one of {', '.join(PADDINGS)}, got {padding!r}")
        require_size("width", width)
        require_size("blocks", blocks)
        self.multiple = 2 ** require_not_negative("halvings", halvings)
        self.smallest = max(4, 2 * self.multiple)  # reflections reach 3 pixels, and 1 below
        layers: list[nn.Module] = [
            nn.Conv2d(inputs + beside, width, 7, padding=3, padding_mode=padding),
            normalisation(norm, width),
            nn.ReLU(inplace=True),
        ]
        for _ in range(halvings):
            layers += [
                nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
                normalisation(norm, 2 * width),
                nn.ReLU(inplace=True),
            ]
            width *= 2
        layers += [ResidualBlock(width, norm, padding) for _ in range(blocks)]
        for _ in range(halvings):
            layers += [
                nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1),
                normalisation(norm, width // 2),
                nn.ReLU(inplace=True),
            ]
            width //= 2
        layers += [nn.Conv2d(width, outputs, 7, padding=3, padding_mode=padding), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        draw_weights(self, initialise)

    def body(self, images: Tensor) -> Tensor:
        made: Tensor = self.layers(images)
        return made
