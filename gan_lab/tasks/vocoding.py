"""From mel spectra back to sounds."""

from typing import Any

import torch
from torch import Tensor

from gan_lab.contracts import NOTHING, Round, Sample, Task
from gan_lab.errors import LabError
from gan_lab.media import Audio, LogMel
from gan_lab.media.spectra import FLOOR
from gan_lab.models import Vocoder


class Vocoding(Task):
    r"""Take the mel spectrum of a sound and make a sound of it.

    .. math:: s = \operatorname{mel}(x), \qquad \tilde x = G(s)

    Samples are made of spectra that are given as ``mel``, or of sounds ``x`` whose spectra are
    taken; where neither is, of the first sounds of the test split: resyntheses of what training
    never heard.

    References:
        HiFi-GAN (Kong et al. 2020), arXiv 2010.05646.

    Args:
        vocoder: Spectra to sounds.
        medium: Sounds whose length is a multiple of the vocoder's hop.
        window: Samples of a frame.
        floor: Bands that are weaker count as silence, positive.
        held_out: Spectra of test sounds that are kept, for samples of no given ones; positive.

    Raises:
        ValueError: If the sounds are of another length.
    """

    takes = ("x",)
    held_out: Tensor
    medium: Audio

    def __init__(
        self,
        vocoder: Vocoder,
        medium: Audio,
        window: int = 512,
        held_out: int = 500,
        floor: float = FLOOR,
    ) -> None:
        super().__init__()
        if medium.shape[1] % vocoder.hop:
            raise ValueError(
                f"sounds of {medium.shape[1]} samples do not divide into frames of {vocoder.hop}; "
                "make the product of strides a divisor"
            )
        if held_out < 1:
            raise ValueError(f"held_out must be at least 1, got {held_out}")
        self.vocoder, self.medium = vocoder, medium
        self.mel = LogMel(medium.rate, window, vocoder.hop, vocoder.bands, floor)
        frames = medium.shape[1] // vocoder.hop
        self.register_buffer("held_out", torch.zeros(held_out, vocoder.bands, frames))

    def meet(self, data: Any) -> None:
        """Keep the spectra of the first test sounds, for samples of no given ones."""
        sounds = getattr(getattr(data, "test", None), "images", None)
        if sounds is None or self.held_out.any():
            return
        random = torch.Generator().manual_seed(0)
        chosen = torch.randperm(len(sounds), generator=random)[: len(self.held_out)]
        found = self.mel(self.medium.to_float(sounds[chosen]).to(self.held_out.device))
        repeats = -(-len(self.held_out) // len(found))
        self.held_out.copy_(found.repeat(repeats, 1, 1)[: len(self.held_out)])

    def forward(self, batch: Sample) -> Round:
        """Make a sound of every real one's spectrum."""
        mel = self.mel(batch["x"])
        fake = {"x": self.vocoder(mel), "mel": mel}
        return Round({**batch, "mel": mel}, fake)

    def latents(self, count: int, random: torch.Generator) -> Sample:
        """Return the spectra that samples are made of where none are given."""
        index = torch.arange(count) % len(self.held_out)
        return {"mel": self.held_out.cpu()[index]}

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        """Return sounds of given spectra ``mel``, of given sounds' or of those held out."""
        device = self.held_out.device
        if "mel" in given:
            mel = given["mel"].to(device)
        elif "x" in given:
            mel = self.mel(given["x"].to(device))
        else:
            mel = self.held_out[torch.arange(count, device=device) % len(self.held_out)]
        if mel.shape[1:] != self.held_out.shape[1:]:
            raise LabError(
                f"mel must be of shape {list(self.held_out.shape[1:])}, got {list(mel.shape[1:])}"
            )
        return {"x": self.vocoder(mel), "mel": mel}
