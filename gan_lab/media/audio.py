"""Sounds of one channel."""

import io
import wave as files
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.media.image import image_grid
from gan_lab.media.spectra import spectrum

LOUDEST = 32767
ENDINGS = {".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif"}
WINDOW = 256
"""Samples of a frame of the pictures."""
RANGE = 80.0
"""Decibels below the loudest that pictures show."""
LONGEST = 30 * 60
"""Seconds of the longest file that is read."""


class Audio(Medium):
    """Values in [-1, 1] to networks, 16 bits to files.

    Args:
        shape: (1, length), positive.
        rate: Samples a second, positive.

    Raises:
        ValueError: If a size is out of range.
    """

    name: ClassVar[str] = "audio"
    formats: ClassVar[tuple[str, ...]] = ("wav",)
    lasts: ClassVar[bool] = True

    def __init__(self, shape: Sequence[int], rate: int = 8000) -> None:
        super().__init__(shape)
        if len(self.shape) != 2 or self.shape[0] != 1 or self.shape[1] < 1:
            raise ValueError(f"a sound has a shape [1, length], got {list(shape)}")
        if rate < 1:
            raise ValueError(f"rate must be at least 1, got {rate}")
        self.rate = rate

    def to_float(self, raw: Tensor) -> Tensor:
        """Return int16 sounds as float32 in [-1, 1].

        >>> Audio((1, 3)).to_float(torch.tensor([-32767, 0, 32767], dtype=torch.int16))
        tensor([-1.,  0.,  1.])
        """
        return raw if raw.is_floating_point() else raw.float() / LOUDEST

    def to_raw(self, samples: Tensor) -> Tensor:
        """Return sounds in [-1, 1] as the int16 values that a file holds; int16 passes."""
        if not samples.is_floating_point():
            return samples
        return samples.float().mul(LOUDEST).round().clamp(-LOUDEST, LOUDEST).to(torch.int16)

    def picture(self, samples: Tensor, columns: int | None = None) -> Tensor:
        """Return spectrograms side by side: time to the right, frequency upwards, loud is white."""
        waves = self.to_float(samples).float().flatten(1).cpu()
        window = min(WINDOW, 2 * (self.shape[1] // 2))
        loud = spectrum(waves, window, max(1, window // 2)).abs().clamp(min=1e-5).log10() * 20
        loud = loud - loud.flatten(1).amax(1)[:, None, None]
        bytes_ = ((loud / RANGE + 1).clamp(0, 1) * 255).round().byte()
        return image_grid(bytes_.flip(1)[:, None], columns)

    def encoded(self, samples: Tensor) -> bytes:
        """Return sounds (N, 1, length), one after the other, as the bytes of a WAV file."""
        raw = self.to_raw(samples).flatten().cpu().numpy().astype("<i2")
        content = io.BytesIO()
        with files.open(content, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(raw.tobytes())
        return content.getvalue()

    def write(self, samples: Tensor, folder: Path, kind: str | None = None) -> list[Path]:
        paths = [folder / f"{index:06d}.wav" for index in range(len(samples))]
        for sound, path in zip(samples, paths, strict=True):
            with written_whole(path, sync=False) as file:
                file.write(self.encoded(sound))
        return paths

    def sheet(self, samples: Tensor, path: Path) -> Path:
        """Write all sounds one after the other, a tenth of a second apart."""
        raw = self.to_raw(samples)
        silence = torch.zeros(len(raw), 1, self.rate // 10, dtype=raw.dtype)
        found = path.with_name(f"{path.name}.wav")
        with written_whole(found, sync=False) as file:
            file.write(self.encoded(torch.cat([raw.cpu(), silence], dim=2)))
        return found

    def read(self, path: Path, count: int | None = None, seed: int = 0) -> Tensor:
        paths = sound_files(path)
        random = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(len(paths), generator=random)[:count].tolist()
        return torch.stack([self.read_one(paths[index]) for index in chosen])

    def read_one(self, path: Path) -> Tensor:
        """Return a file as int16 (1, length): resampled, then cut off or filled up with silence."""
        wave, length = read_sound(path, self.rate), self.shape[1]
        fitted = torch.zeros(length)
        fitted[: len(wave)] = wave[:length]
        return self.to_raw(fitted[None])

    def log(self, experiment: Any, tag: str, samples: Tensor, step: int) -> None:
        for index, sound in enumerate(self.to_float(samples[:8]).float().cpu()):
            experiment.add_audio(f"{tag}/{index}", sound, step, sample_rate=self.rate)


def sound_files(path: Path) -> list[Path]:
    """Return a file, or all sounds below a folder in the order of their names.

    Raises:
        LabError: If there are none.
    """
    if path.is_file():
        return [path]
    found = sorted(f for f in path.rglob("*") if f.suffix.lower() in ENDINGS and f.is_file())
    if not found:
        raise LabError(f"there are no sounds in {path} ({', '.join(sorted(ENDINGS))})")
    return found


def read_sound(path: Path, rate: int) -> Tensor:
    """Return a file's sound at a rate: (length,) in [-1, 1], the mean of its channels.

    Raises:
        LabError: If it cannot be read, or the packages for it are not installed.
    """
    try:
        import soundfile
        from scipy.signal import resample_poly
    except ImportError as error:
        raise LabError(
            f"{path} is read by soundfile, which is not installed: pip install 'gan-lab[speech]'"
        ) from error
    if not path.is_file():
        raise LabError(f"{path} is no regular file; remove it")
    try:
        with soundfile.SoundFile(str(path)) as file:
            if file.frames > LONGEST * file.samplerate:
                raise LabError(f"{path} is longer than the {LONGEST // 60} minutes that are read")
            values, own = file.read(dtype="float64", always_2d=True), file.samplerate
    except LabError:
        raise
    except Exception as error:  # whatever decoders make of a damaged file
        raise LabError(f"{path} is damaged or no sound ({error}); mend or remove it") from error
    mono = values.mean(1) * (32768 / LOUDEST)  # so that 16 bits come back as the same bits
    if not len(mono) or not np.isfinite(mono).all():
        raise LabError(f"{path} holds no sound; remove it")
    if own != rate:
        mono = resample_poly(mono, rate, own)
    return torch.from_numpy(np.clip(mono, -1, 1)).float()
