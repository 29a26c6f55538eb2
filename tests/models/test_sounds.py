"""Networks of sounds: sizes, shuffled phases, vocoders and what judges them."""

from typing import Any

import pytest
import torch
from torch import nn

from gan_lab.models import (
    OneHotLabels,
    PeriodsAndScales,
    PhaseShuffle,
    Scores,
    SpecGANBackbone,
    SpecGANGenerator,
    Vocoder,
    WaveGANBackbone,
    WaveGANGenerator,
)
from gan_lab.models.vocoder import Residual


def test_wavegan_is_its_papers_network() -> None:
    generator = WaveGANGenerator(100, (1, 16384), 64, 5)
    backbone = WaveGANBackbone((1, 16384), 64, 5)
    dense = 101 * 256 * 64
    inner = sum(25 * a * b + b for a, b in ((1024, 512), (512, 256), (256, 128), (128, 64)))
    assert sum(p.numel() for p in generator.parameters()) == dense + inner + 25 * 64 + 1
    assert backbone.features == 4 * 4 * 1024


@pytest.mark.parametrize("labels", [None, OneHotLabels(3)])
def test_sounds_and_spectrograms_have_the_wanted_shape(labels: Any) -> None:
    given = None if labels is None else torch.tensor([0, 2])
    made = WaveGANGenerator(4, (1, 64), 2, 2, labels)(torch.randn(2, 4), given)
    assert made.shape == (2, 1, 64) and made.abs().max() <= 1
    assert Scores(lambda s: WaveGANBackbone(s, 2, 2), (1, 64))({"x": made}).logits["x"].shape == (
        2,
    )
    drawn = SpecGANGenerator(4, (1, 8, 4), 2, 2, labels)(torch.randn(2, 4), given)
    assert drawn.shape == (2, 1, 8, 4)
    assert SpecGANBackbone((1, 8, 4), 2, 2)(drawn).shape == (2, 8)


def test_phases_are_shifted_by_a_few_steps_and_only_in_training() -> None:
    shuffle = PhaseShuffle(2)
    maps = torch.arange(12.0).reshape(1, 2, 6)
    found = set()
    for seed in range(40):
        torch.manual_seed(seed)
        moved = shuffle(maps)
        assert moved.shape == maps.shape
        shifts = [s for s in range(-2, 3) if torch.equal(moved, shifted(maps, s))]
        found |= set(shifts)
        assert shifts
    assert found == {-2, -1, 0, 1, 2}
    assert torch.equal(shuffle.eval()(maps), maps)


def shifted(maps: torch.Tensor, shift: int) -> torch.Tensor:
    places = [abs(t - shift) for t in range(6)]
    places = [p if p < 6 else 10 - p for p in places]
    return maps[..., places]


def test_a_vocoder_makes_a_frame_of_every_band_vector() -> None:
    vocoder = Vocoder(3, 8, (4, 2), (3, 5), (1, 3))
    assert vocoder.hop == 8
    wave = vocoder(torch.randn(2, 3, 5))
    assert wave.shape == (2, 1, 40) and wave.abs().max() <= 1
    odd = Vocoder(3, 8, (3, 5), (3,), (1,))
    assert odd(torch.randn(1, 3, 4)).shape == (1, 1, 60)


def test_periods_and_scales_tell_the_maps_of_all_their_layers() -> None:
    judge = PeriodsAndScales((1, 64), (2, 3), 2, 2, 8)
    verdict = judge({"x": torch.randn(3, 1, 64)})
    assert set(verdict.logits) == {"period_2", "period_3", "scale_1", "scale_2"}
    assert tuple(verdict.heads) == judge.gives and len(judge.gives) == 16
    assert all(len(logits) == 3 for logits in verdict.logits.values())


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: WaveGANGenerator(4, (1, 100), 2, 2), "a multiple of 16 at layers=2"),
        (lambda: WaveGANBackbone((1, 8, 8), 2, 2), "needs sounds"),
        (lambda: PhaseShuffle(-1), "shuffle must not be negative"),
        (lambda: Vocoder(3, 6, (2, 2)), "does not divide by 2"),
        (lambda: Vocoder(3, 8, (2, 2), (4,)), "kernels must be odd"),
        (lambda: PeriodsAndScales((1, 64), (), 0), "nothing judges"),
    ],
)
def test_sizes_out_of_range_are_refused(wrong: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        wrong()


def test_a_residual_adds_to_what_it_sees() -> None:
    layer, maps = Residual(3, 5, (1, 3)), torch.randn(2, 3, 20)
    assert not torch.equal(layer(maps), maps)
    for _, plain in layer.pairs:
        nn.init.zeros_(plain.bias)
        nn.init.zeros_(plain.parametrizations.weight.original0)
    assert torch.equal(layer(maps), maps)
