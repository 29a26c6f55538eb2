"""From noise to spectrograms, and from these to sounds."""

from typing import Any

import torch
from torch import Tensor

from gan_lab.contracts import NOTHING, Prior, Round, Sample
from gan_lab.media import Audio
from gan_lab.media.spectra import FLOOR, griffin_lim, single_precision, spectrum
from gan_lab.models import Generator
from gan_lab.tasks.generation import Generation

CLIPPED = 3.0
"""Deviations that become 1."""


class SpectrogramGeneration(Generation):
    r"""Generate log-magnitudes, each frequency standardised, and find phases when asked for sounds.

    .. math:: s = \operatorname{clip}\bigl((\log |X_f| - \mu_f) / \sigma_f, -3, 3\bigr) / 3

    The means and deviations are of the training sounds. The highest frequency and the last frame
    are left out, so that sizes are powers of two. What is judged is ``spectrogram``; ``x`` is the
    sound, by Griffin and Lim's iterations.

    References:
        Adversarial Audio Synthesis (Donahue et al. 2019), section 2.3, arXiv 1802.04208: windows
        of 256 samples, 128 apart, 16 iterations.

    Args:
        generator: Latents to spectrograms (1, window / 2, length / hop).
        prior: See :class:`Generation`.
        medium: Sounds.
        window: Samples of a frame, even.
        hop: Samples from one frame to the next.
        iterations: Of Griffin and Lim's.

    Raises:
        ValueError: If the generator does not draw spectrograms of that shape.
    """

    means: Tensor
    deviations: Tensor
    medium: Audio

    def __init__(
        self,
        generator: Generator,
        medium: Audio,
        prior: Prior | None = None,
        window: int = 256,
        hop: int = 128,
        iterations: int = 32,
    ) -> None:
        super().__init__(generator, prior, medium)
        for name, value in {"window": window - 1, "hop": hop, "iterations": iterations + 1}.items():
            if value < 1:
                raise ValueError(f"{name} is too small")
        self.window, self.hop, self.iterations = window, hop, iterations
        expected = (1, window // 2, medium.shape[1] // hop)
        if tuple(generator.sample_shape) != expected:
            raise ValueError(
                f"spectrograms of {medium.shape[1]} samples have the shape {list(expected)}, and "
                f"the generator draws {list(generator.sample_shape)}; make spectrogram_shape that"
            )
        self.register_buffer("means", torch.zeros(window // 2))
        self.register_buffer("deviations", torch.zeros(window // 2))

    def meet(self, data: Any) -> None:
        """Take the means and deviations of up to 2,000 training sounds, unless they are known."""
        sounds = getattr(getattr(data, "train", None), "images", None)
        if sounds is None or self.deviations.any():
            return
        random = torch.Generator().manual_seed(0)
        chosen = torch.randperm(len(sounds), generator=random)[:2000]
        logs = self.magnitudes(self.medium.to_float(sounds[chosen])).log()
        self.means.copy_(logs.mean((0, 2)))
        self.deviations.copy_(logs.std((0, 2)).clamp(min=1e-3))

    def magnitudes(self, sounds: Tensor) -> Tensor:
        """Return magnitudes (N, window / 2, length / hop) of sounds (N, 1, length)."""
        found = spectrum(sounds.flatten(1), self.window, self.hop).abs()
        return found[:, :-1, : self.generator.sample_shape[2]].clamp(min=FLOOR)

    def analyse(self, sounds: Tensor) -> Tensor:
        """Return spectrograms (N, 1, window / 2, length / hop) in [-1, 1] of sounds."""
        with single_precision(sounds):
            logs = self.magnitudes(sounds).log()
            deviations = self.deviations.clamp(min=1e-3)[:, None]
            standard = (logs - self.means[:, None]) / deviations
            return (standard / CLIPPED).clamp(-1, 1)[:, None]

    def synthesise(self, spectrograms: Tensor) -> Tensor:
        """Return sounds (N, 1, length) of spectrograms, no louder than 1."""
        with single_precision(spectrograms):
            standard = spectrograms[:, 0].float() * CLIPPED
            logs = standard * self.deviations[:, None] + self.means[:, None]
            # What was left out comes back as silence, and as the last frame once more.
            magnitudes = torch.nn.functional.pad(logs.exp(), (0, 0, 0, 1))
            magnitudes = torch.cat([magnitudes, magnitudes[:, :, -1:]], dim=2)
            length = self.medium.shape[1]
            waves = griffin_lim(magnitudes, self.window, self.hop, length, self.iterations)
            return (waves / waves.abs().amax(1, keepdim=True).clamp(min=1))[:, None]

    def forward(self, batch: Sample) -> Round:
        """Draw as many spectrograms as the minibatch has, beside those of its sounds."""
        real, fake, made = super().forward(batch)
        drawn = {name: value for name, value in fake.items() if name != "x"}
        return Round(
            {**real, "spectrogram": self.analyse(real["x"])},
            {**drawn, "spectrogram": fake["x"]},
            made,
        )

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        made = dict(super().sample(count, given))
        made["spectrogram"] = made["x"]
        return {**made, "x": self.synthesise(made["x"])}
