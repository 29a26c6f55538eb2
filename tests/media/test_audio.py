"""Sounds: files and back, pictures, spectra that invert, strangers' files of any rate."""

import math
import wave
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_lab.errors import LabError
from gan_lab.media import Audio, LogMel
from gan_lab.media.spectra import griffin_lim, mel_bands, spectrum

RATE = 8000


def tone(hertz: float, length: int = 2048, rate: int = RATE) -> torch.Tensor:
    return 0.5 * torch.sin(2 * math.pi * hertz * torch.arange(length) / rate)


def test_sixteen_bits_and_back_are_the_same() -> None:
    medium = Audio((1, 5))
    raw = torch.tensor([[[-32767, -1, 0, 1, 32767]]], dtype=torch.int16)
    assert torch.equal(medium.to_raw(medium.to_float(raw)), raw)
    assert medium.to_raw(torch.tensor([2.0, -2.0])).tolist() == [32767, -32767]


def test_files_are_waves_and_read_again(tmp_path: Path) -> None:
    pytest.importorskip("soundfile")
    medium = Audio((1, 2048), RATE)
    sounds = torch.stack([tone(440), tone(880)])[:, None]
    files = medium.write(sounds, tmp_path)
    with wave.open(str(files[0])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (RATE, 1, 2048)
    found = medium.read(tmp_path)
    assert sorted(found.flatten(1).tolist()) == sorted(medium.to_raw(sounds).flatten(1).tolist())
    sheet = medium.sheet(sounds, tmp_path / "step=000001")
    assert sheet.name == "step=000001.wav"


def test_a_file_of_another_rate_sounds_the_same(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    stereo = tone(440, 11025, 44100)[:, None].repeat(1, 2).numpy()
    soundfile.write(tmp_path / "tone.flac", stereo, 44100)
    found = Audio((1, 2048), RATE).read(tmp_path / "tone.flac").float().flatten() / 32767
    middle = slice(200, 1800)
    assert (found[middle] - tone(440)[middle]).abs().max() < 0.01


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no sound at all", "is damaged or no sound"), (b"", "is damaged or no sound")],
)
def test_damaged_files_are_one_clear_line(tmp_path: Path, content: bytes, sentence: str) -> None:
    pytest.importorskip("soundfile")
    (tmp_path / "bad.wav").write_bytes(content)
    with pytest.raises(LabError, match=sentence) as refusal:
        Audio((1, 64)).read(tmp_path)
    assert "\n" not in str(refusal.value)
    with pytest.raises(LabError, match="there are no sounds in"):
        Audio((1, 64)).read(tmp_path / "nowhere")


def test_pictures_show_a_tone_where_it_is() -> None:
    medium = Audio((1, 2048), RATE)
    picture = medium.picture(tone(1000)[None, None])
    column = picture[0, :, picture.shape[2] // 2].long()
    assert column.argmax() == 128 - 32  # of 129 bins over 4,000 Hz, the highest on top


def test_mel_bands_cover_all_frequencies_and_find_a_tone() -> None:
    bands = mel_bands(RATE, 256, 20)
    assert bands.shape == (20, 129) and (bands[:, 1:-1].sum(0) > 0).all()
    mel = LogMel(RATE, 256, 128, 20)
    found = mel(tone(1000)[None])
    assert found.shape == (1, 20, 16)
    centres = (bands * torch.linspace(0, 4000, 129)).sum(1) / bands.sum(1)
    assert abs(float(centres[found[0, :, 8].argmax()]) - 1000) < 150
    silence = torch.zeros(1, 2048, requires_grad=True)
    mel(silence).sum().backward()
    assert silence.grad is not None and silence.grad.isfinite().all()
    with pytest.raises(ValueError, match="finer than a window"):
        LogMel(RATE, 64, 32, 80)


def test_phases_are_found_again() -> None:
    random = torch.Generator().manual_seed(0)
    sound = (tone(300) + tone(700) + 0.05 * torch.randn(2048, generator=random))[None]
    magnitudes = spectrum(sound, 256, 64).abs()

    def error(iterations: int) -> float:
        found = griffin_lim(magnitudes, 256, 64, 2048, iterations)
        distance = spectrum(found, 256, 64).abs() - magnitudes
        return float(distance.norm() / magnitudes.norm())

    assert error(60) < 0.1 < error(0)


@pytest.mark.parametrize("shape", [(2, 64), (64,), (1, 0)])
def test_shapes_that_are_no_sound_are_refused(shape: Any) -> None:
    with pytest.raises(ValueError, match="a sound has a shape"):
        Audio(shape)
