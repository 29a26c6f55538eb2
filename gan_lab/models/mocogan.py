"""One content and a path of motions through every clip: MoCoGAN."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gan_lab.models.arguments import require_size
from gan_lab.models.base import Generator
from gan_lab.models.dcgan import DCGANGenerator
from gan_lab.models.labels import Labels


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
        content, noise, codes = torch.split(inputs, sizes, dim=1)
        path = self.motions(noise.reshape(len(noise), -1, self.motion_dim))
        fixed = torch.cat([content, codes], dim=1)[:, None].expand(-1, self.frames, -1)
        frames = self.frame(torch.cat([fixed, path], dim=2).flatten(0, 1))
        clips: Tensor = frames.unflatten(0, (-1, self.frames)).movedim(1, 2)
        return clips
