"""One content and a path of motions through every clip: MoCoGAN."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gan_lab.contracts import Sample, Verdict
from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone, Generator
from gan_lab.models.dcgan import DCGANGenerator, initialise
from gan_lab.models.discriminators import PerKey, Scores
from gan_lab.models.labels import Labels
from gan_lab.models.normalisation import Norm, normalisation
from gan_lab.models.readouts import Readout


class MoCoGANGenerator(Generator):
    r"""Draw every frame of a clip from one content and from a motion that a GRU makes of noise.

    .. math:: \tilde x_t = G(z_C, z_M^{(t)}), \qquad z_M^{(t)} = \mathrm{GRU}(\epsilon_t,
        z_M^{(t-1)}), \qquad z_C, \epsilon_t, z_M^{(0)} \sim N(0, I)

    The latent is all of that noise in a row: content, the GRU's first state, and the noise of each
    frame. Frames are DCGAN's.

    References:
        MoCoGAN: Decomposing Motion and Content for Video Generation (Tulyakov et al. 2018), section
        3 and equation 5, arXiv 1707.04993, and the authors' code, sergeytulyakov/mocogan,
        src/models.py: 50 numbers of content, 10 of motion.

    Args:
        latent_dim: content_dim + motion_dim · (frames + 1).
        sample_shape: (channels, frames, height, width).
        content_dim: Length of the content, positive.
        motion_dim: Length of a motion, positive.
        width: Channels of the frame's largest hidden map; each smaller map has twice as many.
        labels: See :class:`Generator`; they belong to the content.

    Raises:
        ValueError: If sizes are out of range or do not add up.
    """

    def __init__(
        self,
        latent_dim: int = 220,
        sample_shape: Sequence[int] = (3, 16, 64, 64),
        content_dim: int = 50,
        motion_dim: int = 10,
        width: int = 64,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        if len(self.sample_shape) != 4:
            raise ValueError(
                f"sample_shape must be [channels, frames, height, width], got {list(sample_shape)}"
            )
        channels, self.frames, *size = self.sample_shape
        self.content_dim = require_size("content_dim", content_dim)
        self.motion_dim = require_size("motion_dim", motion_dim)
        needed = content_dim + motion_dim * (self.frames + 1)
        if latent_dim != needed:
            raise ValueError(
                f"latent_dim must be content_dim + motion_dim × (frames + 1) = {content_dim} + "
                f"{motion_dim} × {self.frames + 1} = {needed}, got {latent_dim}"
            )
        self.motion = nn.GRUCell(motion_dim, motion_dim)
        codes = content_dim + self.labels.width + motion_dim
        self.frame = DCGANGenerator(codes, (channels, *size), width)

    def motions(self, noise: Tensor) -> Tensor:
        """Return the path (N, T, motion_dim) for a first state and noise (N, T + 1, motion_dim)."""
        state, path = noise[:, 0], []
        for step in noise[:, 1:].unbind(1):
            state = self.motion(step, state)
            path.append(state)
        return torch.stack(path, dim=1)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        sizes = [self.content_dim, self.motion_dim * (self.frames + 1), self.labels.width]
        content, noise, codes = inputs.split(sizes, dim=1)
        path = self.motions(noise.unflatten(1, (-1, self.motion_dim)))
        fixed = torch.cat([content, codes], dim=1)[:, None].expand(-1, self.frames, -1)
        frames = self.frame(torch.cat([fixed, path], dim=2).flatten(0, 1))
        clips: Tensor = frames.unflatten(0, (-1, self.frames)).movedim(1, 2)
        return clips


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
