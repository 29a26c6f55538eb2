"""A moving foreground before a background that stands still: VGAN."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gan_lab.contracts import Sample
from gan_lab.models.arguments import require_labels
from gan_lab.models.base import Generator, draw_weights
from gan_lab.models.dcgan import initialise
from gan_lab.models.labels import ConditionalSequential, Labels
from gan_lab.models.volumes import doubling_layers, volume_halvings


class VGANGenerator(Generator):
    r"""Two streams of one latent, and a mask that says where the first is seen.

    .. math:: G(z) = m(z) \odot f(z) + (1 - m(z)) \odot b(z)

    The foreground f and the mask m share transposed convolutions in space and time but for the
    last; the background b is an image that is the same in every frame.

    References:
        Generating Videos with Scene Dynamics (Vondrick et al. 2016), equation 2 and section 2.1,
        arXiv 1609.02612: 32 frames of 64×64 pixels.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: (channels, frames, height, width).
        width: Channels of the largest hidden map of each stream; smaller maps have twice as many.
        labels: See :class:`Generator`; both streams are given them.

    Raises:
        ValueError: If a size is not positive or the clip does not halve to 4..7 pixels.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        sample_shape: Sequence[int] = (3, 32, 64, 64),
        width: int = 64,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        layers, channels = doubling_layers(self, width)
        self.trunk = ConditionalSequential(*layers)
        self.foreground = nn.ConvTranspose3d(channels, self.sample_shape[0], 4, 2, 1)
        self.mask = nn.ConvTranspose3d(channels, 1, 4, 2, 1)
        self.background = ConditionalSequential(*self.still(width))
        draw_weights(self, initialise)

    def still(self, width: int) -> list[nn.Module]:
        """Return the layers that draw the background (N, C, H, W)."""
        (_, *start), doublings = volume_halvings(self.sample_shape)
        channels = width * 2 ** (doublings - 1)
        layers: list[nn.Module] = [
            nn.Unflatten(1, (self.input_dim, 1, 1)),
            nn.ConvTranspose2d(self.input_dim, channels, (start[0], start[1]), bias=False),
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
        head = nn.ConvTranspose2d(channels, self.sample_shape[0], 4, stride=2, padding=1)
        return [*layers, head, nn.Tanh()]

    def layered(self, latent: Tensor, labels: Tensor | None = None) -> Sample:
        """Return the clip ``x`` and what it is laid together from, as (N, ·, T, H, W).

        ``mask`` (one channel) lies in [0, 1], ``foreground`` and ``background`` in [-1, 1]; the
        latter has one frame.
        """
        labels = require_labels("generator", labels, self.num_classes)
        return self.laid(self.labels.beside(latent, labels), labels)

    def laid(self, inputs: Tensor, labels: Tensor | None) -> Sample:
        """Return what :meth:`layered` does, for inputs with codes of labels beside."""
        maps = self.trunk(inputs, labels)
        foreground, mask = torch.tanh(self.foreground(maps)), torch.sigmoid(self.mask(maps))
        background = self.background(inputs, labels)[:, :, None]
        return {
            "x": mask * foreground + (1 - mask) * background,
            "mask": mask,
            "foreground": foreground,
            "background": background,
        }

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        return self.laid(inputs, labels)["x"]
