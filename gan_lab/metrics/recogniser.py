"""Digits as an independent recogniser hears them, and how alike two sounds are."""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.media import LogMel

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
GRAMMAR = f"#JSGF V1.0; grammar digits; public <digit> = {' | '.join(DIGITS)};"
HEARD_AT = 16_000
"""Samples a second that the recogniser's model was made for."""
ROOM = 0.01
"""Deviation of the noise that every sound is heard in: of digital silence, whose logarithm is
nothing that recordings have, the model makes nothing (it hears half of real digits then)."""


def recognise(sounds: Tensor, rate: int) -> list[int | None]:
    """Return which digit pocketsphinx hears in each sound (N, 1, length), None where it hears none.

    Its acoustic model was trained on recordings of people, and knows neither the lab's data nor
    its classifier; its grammar has the ten digits alone. It hears every sound equally loud, in a
    room's faint noise.

    Args:
        sounds: In [-1, 1].
        rate: Samples a second.

    Raises:
        LabError: If pocketsphinx is not installed.
    """
    try:
        import pocketsphinx
    except ImportError as error:
        raise LabError("pocketsphinx is not installed: pip install 'gan-lab[speech]'") from error
    from scipy.signal import resample_poly

    decoder: Any = pocketsphinx.Decoder(
        samprate=float(HEARD_AT), loglevel="FATAL", lm=None, dither=True, seed=0
    )
    decoder.add_jsgf_string("digits", GRAMMAR)
    decoder.activate_search("digits")
    found: list[int | None] = []
    silence, room = np.zeros(HEARD_AT // 4), np.random.default_rng(0)
    for sound in sounds.flatten(1).float().cpu().numpy():
        loud = 0.5 / max(float(np.abs(sound).max()), ROOM)
        wave = np.concatenate([silence, resample_poly(loud * sound, HEARD_AT, rate), silence])
        wave += ROOM * room.standard_normal(len(wave))
        content = (np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes()
        decoder.start_utt()
        decoder.process_raw(content, full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp()
        word = heard.hypstr.strip() if heard is not None else ""
        found.append(DIGITS.index(word) if word in DIGITS else None)
    return found


def word_error_rate(heard: Iterable[int | None], said: Iterable[int]) -> float:
    """Return the share of sounds of one word each in which another is heard, or none.

    >>> word_error_rate([1, None, 3, 4], [1, 2, 3, 5])
    0.5
    """
    pairs = list(zip(heard, said, strict=True))
    return sum(one != other for one, other in pairs) / len(pairs)


def mel_distance(sounds: Tensor, truth: Tensor, mel: LogMel) -> Tensor:
    """Return the mean absolute difference of log-mel spectra of each sound (N, 1, length)."""
    distance: Tensor = (mel(sounds) - mel(truth)).abs().flatten(1).mean(1)
    return distance


def intelligibility(sounds: Tensor, truth: Tensor, rate: int, together: int = 10) -> Tensor:
    """Return the short-time objective intelligibility of sounds that are said in a row.

    The measure looks at 384 ms of speech at a time, pauses left out, which is more than most words
    last alone.

    References:
        An Algorithm for Intelligibility Prediction of Time-Frequency Weighted Noisy Speech (Taal
        et al. 2011).

    Args:
        sounds: Shape (N, 1, length).
        truth: Of the same shape.
        rate: Samples a second.
        together: How many are said in a row, positive.

    Returns:
        One value, at most 1, for every ``together`` sounds: 1 where they are the truth.

    Raises:
        LabError: If pystoi is not installed, or a row holds too little speech.
    """
    try:
        from pystoi import stoi
    except ImportError as error:
        raise LabError("pystoi is not installed: pip install 'gan-lab[speech]'") from error
    found = []
    for real, made in zip(*(torch.split(x, together) for x in (truth, sounds)), strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # it would answer 0.00001
            try:
                found.append(float(stoi(real.flatten().numpy(), made.flatten().numpy(), rate)))
            except RuntimeWarning as error:
                raise LabError(
                    f"{together} of these sounds hold less than the 384 ms of speech that "
                    "intelligibility is measured on; say more of them in a row (together=)"
                ) from error
    return torch.tensor(found)
