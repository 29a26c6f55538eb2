"""Digits that espeak-ng speaks: who is heard where, and that they are digits."""

from pathlib import Path
from time import sleep

import pytest
import torch

from gan_lab.data import SpokenDigitsDataModule
from gan_lab.data.espeak import Espeak
from gan_lab.data.mapping import cache_folder
from gan_lab.errors import LabError
from gan_lab.metrics import SpokenDigitFeatures, intelligibility, recognise, word_error_rate

pytest.importorskip("espeakng_loader", reason="the extra speech is not installed")


def spoken(root: Path, **options: int) -> SpokenDigitsDataModule:
    facts = {"takes": 1, "speakers": 10} | options
    data = SpokenDigitsDataModule(root=str(root), sample_shape=(1, 4096), **facts)
    data.setup("fit")
    return data


def test_tests_are_of_voices_that_training_never_heard(tmp_path: Path) -> None:
    data = spoken(tmp_path)
    learnt, tested = set(data.voices(True)), set(data.voices(False))
    assert len(learnt) == 8 and len(tested) == 2 and not learnt & tested
    assert data.train.images.shape == (80, 1, 4096) and data.test.images.shape == (20, 1, 4096)
    assert data.test.labels.bincount().tolist() == [2] * 10
    assert not {row.numpy().tobytes() for row in data.train.images} & {
        row.numpy().tobytes() for row in data.test.images
    }


def test_what_is_spoken_is_a_function_of_the_options_and_kept(tmp_path: Path) -> None:
    first = spoken(tmp_path / "a").train.images
    assert torch.equal(first, spoken(tmp_path / "b").train.images)
    kept = sorted(cache_folder(tmp_path / "a").glob("spoken_digits_*.npy"))
    assert len(kept) == 2  # one of each split
    ages = [path.stat().st_mtime_ns for path in kept]
    spoken(tmp_path / "a")
    assert [path.stat().st_mtime_ns for path in kept] == ages
    for path in kept:
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(LabError, match=r"damaged .*; delete it"):
        spoken(tmp_path / "a")


@pytest.mark.parametrize(("name", "value"), [("takes", 0), ("speakers", 4)])
def test_too_few_are_refused(name: str, value: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least"):
        spoken(tmp_path, **{name: value})


def test_the_shipped_classifier_and_a_stranger_hear_the_digits(tmp_path: Path) -> None:
    data = spoken(tmp_path, takes=3)
    sounds, said = data.medium.to_float(data.test.images), data.test.labels
    logits = SpokenDigitFeatures(data.medium)(sounds).logits
    assert logits is not None
    assert (logits.argmax(1) == said).double().mean() > 0.9
    pytest.importorskip("pocketsphinx", reason="the extra speech is not installed")
    assert word_error_rate(recognise(sounds, data.rate), said.tolist()) < 0.55
    hiss = 0.3 * torch.randn(60, 1, 4096, generator=torch.Generator().manual_seed(0))
    assert word_error_rate(recognise(hiss, data.rate), said.tolist()) > 0.8


def test_intelligibility_is_of_enough_speech(tmp_path: Path) -> None:
    pytest.importorskip("pystoi", reason="the extra speech is not installed")
    data = spoken(tmp_path)
    sounds = data.medium.to_float(data.test.images)
    assert intelligibility(sounds, sounds, data.rate).tolist() == pytest.approx([1.0, 1.0])
    noise = torch.randn(sounds.shape, generator=torch.Generator().manual_seed(0))
    clear = [intelligibility(sounds + k * noise, sounds, data.rate).mean() for k in (0.01, 0.1, 1)]
    assert 1 > clear[0] > clear[1] > clear[2] > 0
    with pytest.raises(LabError, match="384 ms"):  # as a lone digit is too short
        intelligibility(sounds, sounds, data.rate, together=1)


def test_chance_is_not_taken_from_the_clock() -> None:
    first = Espeak().say("seven", "en+Alicia", 180, 50, 50)
    sleep(1.1)  # of which the library's own seed, the time, would take notice
    assert Espeak().say("seven", "en+Alicia", 180, 50, 50).tobytes() == first.tobytes()
