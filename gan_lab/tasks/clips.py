"""From noise to clips, which are judged as a whole and by a frame."""

import torch
from torch import Tensor

from gan_lab.contracts import Medium, Prior, Round, Sample
from gan_lab.media import Video
from gan_lab.models import Generator, VGANGenerator
from gan_lab.tasks.generation import Generation


class Clips(Generation):
    """Generation, with one frame of each clip, at a time drawn for each, as ``frame`` beside it.

    What a generator of layers lays a clip together from, such as its mask, is left for terms.

    References:
        MoCoGAN (Tulyakov et al. 2018), section 3.2, arXiv 1707.04993, for the frames. Generating
        Videos with Scene Dynamics (Vondrick et al. 2016), arXiv 1609.02612, for the layers.

    Args:
        generator: Latents, and labels where it is conditional, to clips (N, C, T, H, W).
        prior: See :class:`Generation`.
        medium: See :class:`Generation`.

    Raises:
        ValueError: If the generator draws no clips, or see :class:`Generation`.
    """

    gives = ("x", "frame")

    def __init__(
        self, generator: Generator, prior: Prior | None = None, medium: Medium | None = None
    ) -> None:
        if len(generator.sample_shape) != 4:
            raise ValueError(
                "clips have a shape [channels, frames, height, width], and this "
                f"{type(generator).__name__} draws {list(generator.sample_shape)}"
            )
        super().__init__(generator, prior, medium or Video(generator.sample_shape))

    def forward(self, batch: Sample) -> Round:
        """Draw as many clips as the minibatch has, and look at one frame of each."""
        latent = dict(self.prior(len(batch["x"])))
        hidden = {"x"} if self.num_classes else {"x", "label"}  # no label made these samples
        beside = {name: value for name, value in batch.items() if name not in hidden} | latent
        layers = self.layers(beside)
        fake = {"x": layers["x"], "frame": one_frame(layers["x"]), **beside}
        made = {name: value for name, value in layers.items() if name != "x"}
        return Round({**batch, "frame": one_frame(batch["x"])}, fake, made)

    def layers(self, given: Sample) -> Sample:
        """Return clips ``x``, and what they are laid together from, if the generator tells."""
        if not isinstance(self.generator, VGANGenerator):
            return {"x": self.draw(given)}
        return self.generator.layered(given["z"], given["label"] if self.num_classes else None)


def one_frame(clips: Tensor) -> Tensor:
    """Return one frame (N, C, H, W) of each clip (N, C, T, H, W), at a time of its own."""
    count, _, frames = clips.shape[:3]
    time = torch.randint(frames, (count,), device=clips.device)
    return clips[torch.arange(count, device=clips.device), :, time]
