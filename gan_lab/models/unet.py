"""The U-Net of image-to-image translation, of any depth, for images of any size."""

import torch
from torch import Tensor, nn

from gan_lab.models.arguments import require_size
from gan_lab.models.base import draw_weights
from gan_lab.models.dcgan import initialise
from gan_lab.models.normalisation import Norm, normalisation
from gan_lab.models.translators import Translator


class UNet(Translator):
    """Halve down to a bottleneck and double back, each map beside that of its size on the way down.

    References:
        Image-to-Image Translation with Conditional Adversarial Networks (Isola et al. 2017),
        appendix 6.1.1, arXiv 1611.07004: C64-C128-C256-C512-C512-C512-C512-C512 down and
        CD512-CD512-CD512-C512-C256-C128-C64 up, LeakyReLU 0.2 down and ReLU up, 4×4 convolutions.

    Args:
        inputs: See :class:`Translator`.
        outputs: See :class:`Translator`.
        beside: See :class:`Translator`.
        width: Channels of the first map, twice as many in each smaller one, up to eight times.
        levels: Halvings, positive; 8 in the paper, which make one pixel of 256.
        norm: Of all maps but the largest and the smallest; the paper's batch norm, at its batch
            size 1, is instance norm.
        dropout: Probability, in [0, 1), in the first three maps on the way up, while training.
        skips: Whether maps meet those of their size; without it is a plain encoder and decoder, as
            DiscoGAN's (Kim et al. 2017, appendix, arXiv 1703.05192).

    Raises:
        ValueError: If a number is out of range, or there is no such norm.
    """

    def __init__(
        self,
        inputs: int = 1,
        outputs: int = 1,
        beside: int = 0,
        width: int = 64,
        levels: int = 8,
        norm: Norm = "batch",
        dropout: float = 0.5,
        skips: bool = True,
    ) -> None:
        super().__init__(inputs, outputs, beside)
        require_size("width", width)
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {dropout}")
        self.skips, twice = skips, 2 if skips else 1
        self.multiple = 2 ** require_size("levels", levels)
        widths = [width * min(2**level, 8) for level in range(levels)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, channels in enumerate(widths):
            before = widths[level - 1] if level else inputs + beside
            inner = 0 < level < levels - 1
            self.down.append(
                nn.Sequential(
                    nn.LeakyReLU(0.2) if level else nn.Identity(),
                    nn.Conv2d(before, channels, 4, stride=2, padding=1),
                    normalisation(norm if inner else "none", channels),
                )
            )
        for level in reversed(range(1, levels)):
            joined = widths[level] * (1 if level == levels - 1 else twice)
            first_three = level > levels - 4
            self.up.append(
                nn.Sequential(
                    nn.ReLU(),
                    nn.ConvTranspose2d(joined, widths[level - 1], 4, stride=2, padding=1),
                    normalisation(norm, widths[level - 1]),
                    nn.Dropout(dropout) if first_three and dropout else nn.Identity(),
                )
            )
        joined = widths[0] * (1 if levels == 1 else twice)
        self.last = nn.Sequential(
            nn.ReLU(), nn.ConvTranspose2d(joined, outputs, 4, stride=2, padding=1), nn.Tanh()
        )
        draw_weights(self, initialise)

    def body(self, images: Tensor) -> Tensor:
        maps, skips = images, []
        for layer in self.down:
            maps = layer(maps)
            skips.append(maps)
        skips.pop()
        for layer in self.up:
            maps, skip = layer(maps), skips.pop()
            maps = torch.cat([maps, skip], dim=1) if self.skips else maps
        made: Tensor = self.last(maps)
        return made
