"""Speech out of espeak-ng, a library that the wheel of espeakng-loader brings."""

import ctypes
import hashlib
import shutil
import threading
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from gan_lab.errors import LabError

SYNCHRONOUS = 2
"""espeak_AUDIO_OUTPUT: the sound is handed to a callback."""
RATE, PITCH, RANGE = 1, 3, 4
"""espeak_PARAMETER: words a minute; base and range of the pitch, 0 to 100."""
CHARACTERS, UTF8 = 1, 1
LOCK = threading.Lock()
"""The library has one state for all who use a copy of it."""

SYNTH = (
    *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
    *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
)
Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class Espeak:
    """A copy of the speaking library of one's own.

    What it says depends on what it has said, as how a voice flutters goes on from one text to the
    next, and on chance, which it would take from the clock. A copy that was just made says the same
    as any other.

    Attributes:
        rate: Samples a second of what it says.
        folder: Of its voices.
        digest: Identifies the library and its English words.

    Raises:
        LabError: If it is not installed or does not start.
    """

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise LabError(
                "espeak-ng is not installed: pip install 'gan-lab[speech]'; or give recordings of "
                "your own by data=audio_folder"
            ) from error
        library = Path(espeakng_loader.get_library_path())
        self.folder = Path(espeakng_loader.get_data_path())
        try:
            with TemporaryDirectory(ignore_cleanup_errors=True) as own:
                # Under the name that is loaded already, the loader gives back what is loaded.
                self.library = ctypes.CDLL(shutil.copy(library, own))
        except OSError as error:
            raise LabError(f"espeak-ng cannot be loaded: {error}") from error
        self.library.espeak_Synth.argtypes = SYNTH
        parent = str(self.folder.parent).encode()
        self.rate = int(self.library.espeak_Initialize(SYNCHRONOUS, 0, parent, 0))
        if self.rate <= 0:
            raise LabError(f"espeak-ng does not start with its data in {self.folder}")
        self.library.espeak_ng_SetRandSeed(ctypes.c_long(1))
        self.pieces: list[Any] = []
        self.callback = Callback(self.take)  # kept, as the library holds on to it
        self.library.espeak_SetSynthCallback(self.callback)
        content = library.read_bytes() + (self.folder / "en_dict").read_bytes()
        self.digest = hashlib.sha256(content).hexdigest()

    def take(self, wave: Any, count: int, events: Any) -> int:
        """Keep a piece of sound; the library calls it while it speaks."""
        if wave and count > 0:
            self.pieces.append(np.ctypeslib.as_array(wave, (count,)).copy())
        return 0

    def say(self, text: str, voice: str, rate: int, pitch: int, spread: int) -> Any:
        """Return a text as int16 numbers.

        Args:
            text: What is said.
            voice: Such as "en-us+f2": an accent and a speaker.
            rate: Words a minute, 80 to 450.
            pitch: 0 to 100.
            spread: Range of the pitch, 0 to 100.

        Raises:
            LabError: If there is no such voice.
        """
        with LOCK:
            if self.library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise LabError(f"espeak-ng has no voice {voice}")
            for parameter, value in ((RATE, rate), (PITCH, pitch), (RANGE, spread)):
                self.library.espeak_SetParameter(parameter, value, 0)
            self.pieces = []
            content = text.encode()
            size = len(content) + 1
            self.library.espeak_Synth(content, size, 0, CHARACTERS, 0, UTF8, None, None)
            pieces, self.pieces = self.pieces, []
        if not pieces:
            raise LabError(f"espeak-ng says nothing with the voice {voice}")
        return np.concatenate(pieces)

    def speakers(self) -> list[str]:
        """Return the names of its speakers, in order; those that are hardly human are left out."""
        found = sorted(path.name for path in (self.folder / "voices" / "!v").iterdir())
        odd = ("robo", "demon", "whisper", "croak", "fast", "announcer", "anxious", "tweaky")
        return [n for n in found if " " not in n and not any(part in n.lower() for part in odd)]


@lru_cache(maxsize=1)
def espeak() -> Espeak:
    """Return a speaking library that all share who do not mind what it has said before."""
    return Espeak()
