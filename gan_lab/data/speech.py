"""Sounds: digits that a program speaks, and any folder of recordings."""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.espeak import Espeak, espeak
from gan_lab.data.files import data_root
from gan_lab.data.mapping import cache_folder, require_memory
from gan_lab.data.samples import Samples
from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.media import Audio
from gan_lab.media.audio import LOUDEST, read_sound, sound_files

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ACCENTS = ("en", "en-us", "en-gb-scotland", "en-gb-x-rp")
SILENCE = 0.01
"""Below this share of the loudest a sound has not begun."""

log = logging.getLogger(__name__)


class AudioDataModule(InMemoryDataModule):
    """Sounds of one length and rate.

    Args:
        sample_shape: [1, length].
        rate: Samples a second.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    medium_class: ClassVar[type[Medium]] = Audio

    def __init__(
        self, sample_shape: Sequence[int] = (1, 8192), rate: int = 8000, **options: Any
    ) -> None:
        super().__init__(sample_shape, **options)
        self.rate = rate
        Audio(self.sample_shape, rate)  # which says what is wrong with them

    @property
    def medium(self) -> Audio:
        """Return what turns stored sounds into what networks hear."""
        return Audio(self.sample_shape, self.rate)


class SpokenDigitsDataModule(AudioDataModule):
    """The ten digits as espeak-ng says them, in many voices, accents, speeds and pitches.

    Every fifth speaker is heard in the test split alone. A sound begins with the digit and is as
    loud as can be. What is spoken is kept in a file whose name is a digest of all that it depends
    on, below :func:`gan_lab.data.mapping.cache_folder`.

    Args:
        takes: How often a speaker says each digit, each time with another accent, speed and pitch.
        speakers: How many; None for all.
        sample_shape: [1, length].
        rate: Samples a second.
        root: Folder of the file, if not the default one.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        takes: int = 12,
        speakers: int | None = None,
        sample_shape: Sequence[int] = (1, 4096),
        rate: int = 8000,
        root: str | Path | None = None,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, rate, **options)
        if takes < 1:
            raise ValueError(f"takes must be at least 1, got {takes}")
        if speakers is not None and speakers < 5:
            raise ValueError(f"speakers must be at least 5, one of them for tests, got {speakers}")
        self.takes, self.speakers = takes, speakers
        self.root = None if root is None else data_root(root)

    def load(self, train: bool) -> Samples:
        """Return a split, spoken once.

        Raises:
            LabError: If espeak-ng is not installed, or the file cannot be written.
        """
        chosen = self.voices(train)
        count = len(chosen) * len(DIGITS) * self.takes
        require_memory("data.takes", 4 * count * self.sample_shape[1])
        labels = torch.arange(len(DIGITS)).repeat_interleave(self.takes).repeat(len(chosen))
        return Samples(self.kept(chosen), labels)

    def voices(self, train: bool) -> list[str]:
        """Return the speakers of a split."""
        every = espeak().speakers()
        if self.speakers is not None:
            every = every[: self.speakers]
        return [name for index, name in enumerate(every) if (index % 5 != 4) is train]

    def kept(self, speakers: Sequence[str]) -> Tensor:
        """Return what speakers say, from the file that it is kept in or spoken now."""
        facts = [4, espeak().digest, list(speakers), self.takes, self.sample_shape, self.rate]
        key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        path = cache_folder(self.root) / f"spoken_digits_{key[:16]}.npy"
        try:
            with FileLock(path.with_suffix(".lock")):
                if not path.exists():
                    log.info("%d speakers are about to say the digits, once", len(speakers))
                    fresh = Espeak()  # what it says depends on what it has said
                    spoken = np.concatenate([self.spoken(name, fresh) for name in speakers])
                    with written_whole(path, shared=True) as file:
                        np.save(file, spoken)
        except OSError as error:
            raise LabError(f"cannot keep what is spoken in {path.parent}: {error}") from error
        try:
            found = np.load(path, allow_pickle=False)
        except Exception as error:  # whatever numpy makes of a damaged file
            raise LabError(f"{path} is damaged ({error}); delete it") from error
        return torch.from_numpy(found).reshape(-1, *self.sample_shape)

    def spoken(self, speaker: str, library: Espeak) -> Any:
        """Return what one says: int16 (10 · takes, length)."""
        seed = int(hashlib.sha256(speaker.encode()).hexdigest()[:8], 16)
        random = np.random.default_rng(seed)
        rows = []
        for digit in DIGITS:
            for _ in range(self.takes):
                accent = ACCENTS[random.integers(len(ACCENTS))]
                speed, pitch, spread = (
                    int(random.integers(low, high))
                    for low, high in ((160, 260), (25, 76), (30, 71))
                )
                said = library.say(digit, f"{accent}+{speaker}", speed, pitch, spread)
                rows.append(fitted(said, library.rate, self.rate, self.sample_shape[1]))
        return np.stack(rows)


def fitted(wave: Any, own: int, rate: int, length: int) -> Any:
    """Return a sound as int16 of one rate and length, from where it begins, as loud as can be."""
    from scipy.signal import resample_poly

    values = resample_poly(wave.astype(np.float64), rate, own)
    loud = np.abs(values)
    begun = np.flatnonzero(loud > SILENCE * loud.max())
    values = values[begun[0] :] if len(begun) else values
    found = np.zeros(length)
    found[: len(values)] = values[:length]
    peak = np.abs(found).max()
    return np.rint(found / max(peak, 1e-12) * 0.95 * LOUDEST).astype(np.int16)


class AudioFolderDataModule(AudioDataModule):
    """All sounds below a folder, resampled, their subfolder's number as label.

    Longer ones are cut into pieces, of which the last, if shorter than half, is left out; shorter
    sounds are filled up with silence. Every tenth file, in the order of names, makes up the test
    split.

    Args:
        root: The folder, with WAV, FLAC, OGG, MP3 or AIFF files.
        sample_shape: [1, length].
        rate: Samples a second.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        root: str | Path,
        sample_shape: Sequence[int] = (1, 8192),
        rate: int = 8000,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, rate, **options)
        self.root = data_root(root)

    def files(self) -> list[Path]:
        """Return the sounds below the folder in the order of their names.

        Raises:
            LabError: If the folder is absent or holds fewer than ten.
        """
        if not self.root.is_dir():
            raise LabError(f"data.root={self.root} is no folder; give one with sounds below it")
        files = sound_files(self.root)
        if len(files) < 10:
            raise LabError(f"{self.root} holds {len(files)} sounds; at least 10 are needed")
        return files

    def prepare_data(self) -> None:
        """Check that there are sounds; see :meth:`files`."""
        self.files()

    def load(self, train: bool) -> Samples:
        """Read a split.

        Raises:
            LabError: If a file is no sound.
        """
        files = self.files()
        classes = {folder: n for n, folder in enumerate(sorted({p.parent for p in files}))}
        sounds: list[Tensor] = []
        labels: list[int] = []
        for path in [p for index, p in enumerate(files) if (index % 10 != 9) is train]:
            pieces = cut(read_sound(path, self.rate), self.sample_shape[1])
            require_memory("data.root", 2 * self.sample_shape[1] * len(sounds))
            sounds += [self.medium.to_raw(piece[None]) for piece in pieces]
            labels += [classes[path.parent]] * len(pieces)
        return Samples(torch.stack(sounds), torch.tensor(labels))


def cut(wave: Tensor, length: int) -> list[Tensor]:
    """Return a sound (n,) in pieces of one length, at least one, the last filled up with silence.

    >>> [piece.tolist() for piece in cut(torch.ones(5), 2)], len(cut(torch.ones(1), 4))
    ([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]], 1)
    """
    found = []
    for start in range(0, len(wave), length):
        piece = wave[start : start + length]
        if start and 2 * len(piece) < length:
            break
        found.append(torch.cat([piece, piece.new_zeros(length - len(piece))]))
    return found
