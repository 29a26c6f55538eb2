"""Sounds as spectra and back: short-time Fourier transforms, mel bands, phases out of nothing."""

import math
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

FLOOR = 1e-5
"""Below it a magnitude is silence, and its logarithm stays there."""


def single_precision(values: Tensor) -> AbstractContextManager[object]:
    """Return a context without autocast, which torch does not know on the meta device."""
    device = values.device.type
    known = torch.amp.is_autocast_available(device)
    return torch.autocast(device, enabled=False) if known else nullcontext()


def spectrum(waves: Tensor, window: int, hop: int) -> Tensor:
    """Return complex spectra (N, window // 2 + 1, frames) of waves (N, length), Hann-windowed.

    Frames are centred, the first and the last on the wave's ends, which are mirrored.
    """
    shape = torch.hann_window(window, device=waves.device)
    return torch.stft(waves.float(), window, hop, window=shape, return_complex=True)


def wave(spectra: Tensor, window: int, hop: int, length: int) -> Tensor:
    """Return the waves (N, length) with the nearest spectra; see :func:`spectrum`."""
    shape = torch.hann_window(window, device=spectra.device)
    return torch.istft(spectra, window, hop, window=shape, length=length)


def griffin_lim(
    magnitudes: Tensor, window: int, hop: int, length: int, iterations: int = 32
) -> Tensor:
    r"""Return waves (N, length) of given magnitudes, with phases that are found by projections.

    Each iteration goes to a wave and back, and keeps the phases; a step of momentum goes beyond.
    It starts from phase 0, so that the same magnitudes give the same wave.

    References:
        Signal Estimation from Modified Short-Time Fourier Transform (Griffin and Lim 1984). A Fast
        Griffin-Lim Algorithm (Perraudin et al. 2013), algorithm 2, with momentum 0.99.

    Args:
        magnitudes: Shape (N, window // 2 + 1, frames).
        window: Samples of a frame.
        hop: Samples from one frame to the next.
        length: Of the waves.
        iterations: At least 0.
    """
    magnitudes = magnitudes.float()
    current = magnitudes.to(torch.complex64)
    before = torch.zeros_like(current)
    for _ in range(iterations):
        consistent = spectrum(wave(current, window, hop, length), window, hop)
        ahead = consistent + 0.99 * (consistent - before)
        current = magnitudes * ahead / ahead.abs().clamp(min=1e-8)
        before = consistent
    return wave(current, window, hop, length)


def mel_bands(
    rate: int, window: int, bands: int, low: float = 0.0, high: float | None = None
) -> Tensor:
    r"""Return triangular bands (bands, window // 2 + 1) that are equally wide in mel.

    .. math:: m(f) = 2595 \log_{10}(1 + f / 700)

    Each has the area of one bin's width times 2 over the band's width in Hz, as Slaney's.

    Args:
        rate: Samples a second.
        window: Samples of a frame.
        bands: How many, positive.
        low: Hz where the first begins.
        high: Hz where the last ends; half the rate by default.
    """
    top = rate / 2 if high is None else high

    def mel(f: float) -> float:
        return 2595 * math.log10(1 + f / 700)

    edges = torch.linspace(mel(low), mel(top), bands + 2, dtype=torch.float64)
    hertz = 700 * (10 ** (edges / 2595) - 1)
    bins = torch.linspace(0, rate / 2, window // 2 + 1, dtype=torch.float64)
    rising = (bins - hertz[:-2, None]) / (hertz[1:-1] - hertz[:-2])[:, None]
    falling = (hertz[2:, None] - bins) / (hertz[2:] - hertz[1:-1])[:, None]
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return (triangles * 2 / (hertz[2:] - hertz[:-2])[:, None]).float()


class LogMel(nn.Module):
    """Logarithms of mel-band magnitudes.

    Args:
        rate: Samples a second.
        window: Samples of a frame.
        hop: Samples from one frame to the next.
        bands: How many.
        floor: What is weaker counts as silence, positive.

    Raises:
        ValueError: If a number is not positive, or the bands are finer than the spectrum.
    """

    matrix: Tensor

    def __init__(
        self,
        rate: int = 8000,
        window: int = 256,
        hop: int = 128,
        bands: int = 40,
        floor: float = FLOOR,
    ) -> None:
        super().__init__()
        for name, value in {"rate": rate, "window": window, "hop": hop, "bands": bands}.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if floor <= 0:
            raise ValueError(f"floor must be positive, got {floor}")
        self.rate, self.window, self.hop, self.bands = rate, window, hop, bands
        self.floor = floor
        with torch.device("cpu"):
            matrix = mel_bands(rate, window, bands)
        if not (matrix.sum(1) > 0).all():
            raise ValueError(f"{bands} bands are finer than a window of {window} samples resolves")
        self.register_buffer("matrix", matrix, persistent=False)

    def frames(self, length: int) -> int:
        """Return how many frames a wave of so many samples has."""
        return length // self.hop

    def forward(self, waves: Tensor) -> Tensor:
        """Return (N, bands, length // hop) of waves (N, length) or (N, 1, length)."""
        with single_precision(waves):
            flat = waves.flatten(1).float()
            # Differentiable at silence, where an absolute value is not.
            found = spectrum(flat, self.window, self.hop)
            power = torch.view_as_real(found).square().sum(-1)
            magnitudes = (power + 1e-9).sqrt()[..., : self.frames(flat.shape[1])]
            return (self.matrix @ magnitudes).clamp(min=self.floor).log()
