"""Games of sounds: WaveGAN, SpecGAN and a vocoder take steps, resume and keep their statistics."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_lab.game import GAN
from gan_lab.losses import LeastSquares, NonSaturating
from gan_lab.media import Audio
from gan_lab.models import (
    OneHotLabels,
    PeriodsAndScales,
    ProjectionReadout,
    Scores,
    SpecGANBackbone,
    SpecGANGenerator,
    Vocoder,
    WaveGANBackbone,
    WaveGANGenerator,
)
from gan_lab.run.rebuild import refuse_samples
from gan_lab.tasks import Generation, SpectrogramGeneration, Vocoding
from gan_lab.terms import GradientPenalty, LayerMatching, MelDistance
from tests.game.playing import assert_one_side_moves_at_a_time, assert_resumes_bitwise

LENGTH = 256
MEDIUM = Audio((1, LENGTH), 8000)


def sounds(random: torch.Generator) -> dict[str, Tensor]:
    waves = torch.rand(4, 1, LENGTH, generator=random) * 2 - 1
    return {"x": waves, "label": torch.randint(3, (4,), generator=random)}


def data() -> Any:
    raw = MEDIUM.to_raw(sounds(torch.Generator().manual_seed(9))["x"])
    split = SimpleNamespace(images=raw)
    return SimpleNamespace(train=split, test=split, medium=MEDIUM)


def wavegan() -> GAN:
    generator = WaveGANGenerator(4, MEDIUM.shape, 2, 2, OneHotLabels(3))
    readout = partial(ProjectionReadout, num_classes=3)
    judge = Scores(partial(WaveGANBackbone, width=2, layers=2), MEDIUM.shape, readout=readout)
    task = Generation(generator, medium=MEDIUM)
    return GAN(task, judge, NonSaturating(), [GradientPenalty()], n_critic=2)


def spectrograms() -> SpectrogramGeneration:
    return SpectrogramGeneration(SpecGANGenerator(4, (1, 16, 16), 2, 2), MEDIUM, None, 32, 16, 4)


def specgan() -> GAN:
    task = spectrograms()
    task.meet(data())
    network = partial(SpecGANBackbone, width=2, layers=2)
    judge = Scores(network, (1, 16, 16), reads=("spectrogram",))
    return GAN(task, judge, NonSaturating(), [GradientPenalty()])


def vocoder() -> GAN:
    task = Vocoding(Vocoder(4, 8, (4, 4), (3,), (1,)), MEDIUM, 64, held_out=6)
    task.meet(data())
    judge = PeriodsAndScales(MEDIUM.shape, (2, 3), 1, 2, 4)
    return GAN(task, judge, LeastSquares(), [MelDistance(), LayerMatching()])


@pytest.mark.parametrize("game", [wavegan, specgan, vocoder])
def test_games_of_sounds_play_and_resume(game: Any, tmp_path: Any) -> None:
    torch.manual_seed(0)
    assert_one_side_moves_at_a_time(game(), sounds, steps=2)
    assert_resumes_bitwise(game, sounds, tmp_path)


def test_spectrograms_are_sampled_without_memory_too() -> None:
    with torch.device("meta"):
        sketch = spectrograms().eval()
    refuse_samples(sketch, Path("run.ckpt"))  # as every checkpoint is looked at before it is built


def test_spectrograms_are_standardised_by_the_training_sounds_and_invert() -> None:
    task, known = spectrograms(), data()
    task.iterations = 100
    pitch = torch.tensor([0.2, 0.35, 0.6, 0.9])[:, None, None] * torch.arange(LENGTH)
    loud = torch.linspace(0.1, 0.6, LENGTH)
    known.train.images = MEDIUM.to_raw(loud * (pitch.sin() + 0.02 * torch.randn(4, 1, LENGTH)))
    task.meet(known)
    waves = MEDIUM.to_float(known.train.images)
    drawn = task.analyse(waves)
    assert drawn.shape == (4, 1, 16, 16)
    assert drawn.mean().abs() < 0.05 and drawn.abs().max() <= 1
    again = task.synthesise(drawn)
    assert again.shape == waves.shape and again.abs().max() <= 1
    distance = (task.analyse(again) - drawn).abs().mean()
    assert distance < 0.6 * (drawn - drawn.flip(0)).abs().mean()
    before = task.means.clone()
    task.meet(SimpleNamespace(train=SimpleNamespace(images=known.train.images // 4)))
    assert torch.equal(task.means, before)  # of its own data, which a checkpoint keeps
    copy = spectrograms()
    copy.load_state_dict(task.state_dict())
    assert torch.equal(copy.analyse(waves), drawn)


def test_a_vocoder_samples_what_training_never_heard() -> None:
    task: Any = vocoder().task.eval()
    made = task.sample(3)
    assert made["x"].shape == (3, *MEDIUM.shape)
    known = MEDIUM.to_float(data().test.images)
    again = task.sample(2, {"x": known[:2]})
    torch.testing.assert_close(again["mel"], task.mel(known[:2]))
    given = task.latents(3, torch.Generator())
    torch.testing.assert_close(task.sample(3, given)["x"], made["x"])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: SpectrogramGeneration(SpecGANGenerator(4, (1, 8, 8), 2, 2), MEDIUM),
         "make spectrogram_shape that"),
        (lambda: Vocoding(Vocoder(4, 8, (3, 5)), MEDIUM), "do not divide into frames of 15"),
        (lambda: GAN(wavegan().task, wavegan().discriminator, NonSaturating(), [MelDistance()]),
         "such as task=vocoding"),
        (lambda: GAN(wavegan().task, wavegan().discriminator, NonSaturating(), [LayerMatching()]),
         "use discriminator=periods_and_scales"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(wrong: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        wrong()
