"""WaveGAN: DCGAN of one dimension, with filters that are long and strides of four."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from gan_lab.models.arguments import require_not_negative, require_shape, require_size
from gan_lab.models.base import Backbone, Generator
from gan_lab.models.labels import Labels

KERNEL, STRIDE = 25, 4


class WaveGANGenerator(Generator):
    """A dense layer and transposed convolutions of 25 samples, each four times as long.

    References:
        Adversarial Audio Synthesis (Donahue et al. 2019), table 4, arXiv 1802.04208: width 64 and
        five convolutions to 16,384 samples. The authors' code draws dense and convolutional
        weights by Glorot's law; here they stay as torch draws them.

    Args:
        latent_dim: See :class:`Generator`.
        sample_shape: (1, length), the length a multiple of 4 to the power of ``layers``.
        width: Channels before the last convolution, positive.
        layers: Convolutions, positive.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        sample_shape: Sequence[int] = (1, 8192),
        width: int = 64,
        layers: int = 5,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        begin = shortest(self.sample_shape, layers)
        channels = widths(width, layers)[::-1]
        self.dense = nn.Sequential(
            nn.Linear(self.input_dim, begin * channels[0]),
            nn.Unflatten(1, (channels[0], begin)),
            nn.ReLU(inplace=True),
        )
        steps: list[nn.Module] = []
        for fan_in, fan_out in zip(channels, [*channels[1:], 1], strict=True):
            # 4 samples of each become 4 of the next level: padding 11 and 1 more give exactly that.
            steps += [
                nn.ConvTranspose1d(fan_in, fan_out, KERNEL, STRIDE, 11, output_padding=1),
                nn.ReLU(inplace=True),
            ]
        self.layers = nn.Sequential(*steps[:-1], nn.Tanh())

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        waves: Tensor = self.layers(self.dense(inputs))
        return waves


class PhaseShuffle(nn.Module):
    """Shifts maps in time, by up to a few steps that are drawn anew at every pass in training.

    What leaves at one end is mirrored into the other. Transposed convolutions leave artefacts of
    one phase, by which alone a discriminator could tell.

    References:
        Donahue et al. 2019, section 3.3, arXiv 1802.04208, and the authors' code,
        chrisdonahue/wavegan, wavegan.py: one shift a minibatch.

    Args:
        most: Steps, not negative.
    """

    def __init__(self, most: int = 2) -> None:
        super().__init__()
        self.most = require_not_negative("shuffle", most)

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (N, C, T), shifted."""
        if not self.training or not self.most:
            return maps
        shift = int(torch.randint(-self.most, self.most + 1, ()))
        length = maps.shape[-1]
        before, after = max(shift, 0), max(-shift, 0)
        padded = pad(maps, (before, after), mode="reflect")
        return padded[..., after : after + length]


class WaveGANBackbone(Backbone):
    """Convolutions of 25 samples, each four times as short, with phases shuffled between them.

    References:
        See :class:`WaveGANGenerator`, table 5.

    Args:
        input_shape: (channels, length).
        width: Channels after the first convolution, positive.
        layers: Convolutions, positive.
        shuffle: Steps of :class:`PhaseShuffle`; 2 in the paper.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (1, 8192),
        width: int = 64,
        layers: int = 5,
        shuffle: int = 2,
    ) -> None:
        super().__init__(input_shape)
        end = shortest(self.input_shape, layers)
        channels = widths(width, layers)
        steps: list[nn.Module] = []
        for fan_in, fan_out in zip([self.input_shape[0], *channels], channels, strict=False):
            steps += [
                nn.Conv1d(fan_in, fan_out, KERNEL, STRIDE, 11),
                nn.LeakyReLU(0.2, inplace=True),
                PhaseShuffle(shuffle),
            ]
        self.layers = nn.Sequential(*steps[:-1], nn.Flatten())
        self.features = channels[-1] * end

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features


def widths(width: int, layers: int) -> list[int]:
    """Return the channels of each level, which double.

    >>> widths(64, 5)
    [64, 128, 256, 512, 1024]
    """
    return [require_size("width", width) * 2**k for k in range(require_size("layers", layers))]


def shortest(shape: Sequence[int], layers: int) -> int:
    """Return the length after ``layers`` strides of 4.

    Raises:
        ValueError: If the length does not divide, or it is no sound.
    """
    found = require_shape(shape)
    if len(found) != 2 or found[1] % STRIDE**layers:
        raise ValueError(
            f"this network needs sounds [channels, length] whose length is a multiple of "
            f"{STRIDE**layers} at layers={layers}, got {list(shape)}"
        )
    return found[1] // int(STRIDE**layers)
