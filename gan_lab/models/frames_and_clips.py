"""Discriminators of clips and of their frames, as MoCoGAN has them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from gan_lab.contracts import Sample, Verdict
from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone
from gan_lab.models.dcgan import initialise
from gan_lab.models.discriminators import PerKey, Scores
from gan_lab.models.normalisation import Norm, normalisation
from gan_lab.models.readouts import Readout


class MoCoGANBackbone(Backbone):
    """Three strided convolutions of frames, or of clips, whose frames none of the strides skips.

    References:
        sergeytulyakov/mocogan, src/models.py: PatchImageDiscriminator and PatchVideoDiscriminator,
        C64-C128-C256, LeakyReLU 0.2, no norm in the first layer.

    Args:
        input_shape: (channels, height, width) of a frame or (channels, frames, height, width) of a
            clip, whose convolutions look at four frames each.
        width: Channels of the first map, twice as many in each further one.
        norm: Of all maps but the first; "none" under a per-sample gradient penalty.

    Raises:
        ValueError: If a size is out of range, or the clip has too few frames or pixels.
    """

    LAYERS = 3

    def __init__(
        self,
        input_shape: Sequence[int] = (3, 16, 64, 64),
        width: int = 64,
        norm: Norm = "batch",
    ) -> None:
        super().__init__(input_shape)
        require_size("width", width)
        shape = self.input_shape
        axes = len(shape) - 1
        fewest, smallest = 3 * (self.LAYERS + 1) + 1, 2 ** (self.LAYERS + 1)
        if axes not in (2, 3) or min(shape[-2:]) < smallest:
            raise ValueError(
                f"this network needs frames of at least {smallest}×{smallest} pixels, got "
                f"{list(shape)}"
            )
        if axes == 3 and shape[1] < fewest:
            raise ValueError(
                f"four convolutions over time need clips of at least {fewest} frames, got "
                f"{list(shape)}; model=vgan takes shorter ones"
            )
        layers: list[nn.Module] = []
        channels = shape[0]
        for layer in range(self.LAYERS):
            wider = width * 2**layer
            layers.append(halving(channels, wider, axes))
            layers += [normalisation(norm, wider, axes)] if layer else []
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            channels = wider
        self.layers = nn.Sequential(*layers)
        self.features = channels

    def forward(self, inputs: Tensor) -> Tensor:
        maps: Tensor = self.layers(inputs)
        return maps

    def initialise(self, layer: nn.Module) -> None:
        initialise(layer)


class HalvingReadout(Readout):
    """One more strided convolution, to a logit a patch, of frames (N, ·, ·) or clips (N, ·, ·, ·).

    Args:
        features: Channels of the maps.
        axes: 2 of frames, 3 of clips.
    """

    def __init__(self, features: int, axes: int = 2) -> None:
        super().__init__()
        self.convolution = halving(features, 1, axes)

    def forward(self, features: Tensor, sample: Sample) -> Tensor:
        logits: Tensor = self.convolution(features).squeeze(1)
        return logits


class FramesAndClips(PerKey):
    """Two discriminators: of clips, which see motion, and of single frames, which see detail.

    References:
        MoCoGAN (Tulyakov et al. 2018), equation 6, arXiv 1707.04993.

    Args:
        network: Builds both backbones, each for the shape that reaches it.
        sample_shape: Of a clip, (channels, frames, height, width).
        inputs: Of the clip's; see :class:`Scores`.
        heads: Of the clip's; see :class:`Scores`.
        recogniser: Of the clip's; see :class:`Scores`.
        spectral_norm: Of both.

    Raises:
        ValueError: If a size is out of range or the options contradict each other.
    """

    def __init__(
        self,
        network: Any,
        sample_shape: Sequence[int],
        inputs: Any = (),
        heads: Mapping[str, int] | None = None,
        recogniser: Any = nn.Linear,
        spectral_norm: bool = False,
    ) -> None:
        if len(sample_shape) != 4:
            raise ValueError(
                f"sample_shape must be [channels, frames, height, width], got {list(sample_shape)}"
            )
        clip = Scores(
            network,
            sample_shape,
            inputs=inputs,
            readout=partial(HalvingReadout, axes=3),
            heads=heads,
            recogniser=recogniser,
            spectral_norm=spectral_norm,
        )
        frame = Scores(
            network,
            (sample_shape[0], *sample_shape[2:]),
            reads=("frame",),
            readout=HalvingReadout,
            spectral_norm=spectral_norm,
        )
        super().__init__(clip=clip, frame=frame)
        self.sample_shape = clip.sample_shape
        self.gives, self.taught = clip.gives, clip.taught

    def forward(self, sample: Sample) -> Verdict:
        """Return the logits of clips and of frames, and what is said of clips beside."""
        verdict = super().forward(sample)
        heads = {
            name.removeprefix("clip."): value
            for name, value in verdict.heads.items()
            if name.startswith("clip.")
        }
        return Verdict(verdict.logits, heads)


def halving(channels: int, wider: int, axes: int) -> nn.Module:
    """Return a convolution of 4 pixels that halves height and width, and no frames."""
    if axes == 2:
        return nn.Conv2d(channels, wider, 4, stride=2, padding=1, bias=False)
    return nn.Conv3d(channels, wider, 4, stride=(1, 2, 2), padding=(0, 1, 1), bias=False)
