"""The game of clips and frames."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from gan_lab.contracts import Sample, Turn, Verdict
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.models import (
    FramesAndClips,
    MoCoGANBackbone,
    MoCoGANGenerator,
    Scores,
    VGANGenerator,
    VolumeBackbone,
)
from gan_lab.tasks import Clips
from gan_lab.tasks.clips import one_frame
from gan_lab.terms import MaskSparsity
from tests.game.playing import assert_one_side_moves_at_a_time, assert_resumes_bitwise

CLIP = (3, 13, 16, 16)


def mocogan() -> GAN:
    generator = MoCoGANGenerator(17, CLIP, content_dim=3, motion_dim=1, width=2)
    return GAN(
        Clips(generator), FramesAndClips(partial(MoCoGANBackbone, width=2), CLIP), NonSaturating()
    )


def vgan() -> GAN:
    clip = (3, 8, 16, 16)
    judge = Scores(partial(VolumeBackbone, width=2), clip)
    terms = {"sparsity": MaskSparsity()}
    return GAN(Clips(VGANGenerator(4, clip, 2)), judge, NonSaturating(), terms)


GAMES = {"mocogan": (mocogan, CLIP), "vgan": (vgan, (3, 8, 16, 16))}
every_game = pytest.mark.parametrize("name", GAMES)


def real(shape: tuple[int, ...]) -> Callable[[torch.Generator], Sample]:
    return lambda random: {"x": torch.rand(4, *shape, generator=random) * 2 - 1}


@every_game
def test_one_side_moves_at_a_time(name: str) -> None:
    torch.manual_seed(0)
    build, shape = GAMES[name]
    assert_one_side_moves_at_a_time(build(), real(shape), steps=2)


@every_game
def test_it_resumes_bitwise(name: str, tmp_path: Path) -> None:
    build, shape = GAMES[name]
    assert_resumes_bitwise(build, real(shape), tmp_path)


def test_frames_are_of_their_clips_at_times_of_their_own() -> None:
    clips = torch.arange(60.0)[:, None].repeat(1, 9)[:, None, :, None, None].repeat(1, 2, 1, 3, 3)
    clips = clips + torch.arange(9.0)[:, None, None] / 10
    torch.manual_seed(0)
    frames = one_frame(clips)
    assert frames.shape == (60, 2, 3, 3)
    assert torch.equal(frames[:, 0, 0, 0].floor(), torch.arange(60.0))
    assert len((frames[:, 0, 0, 0] % 1).mul(10).round().unique()) == 9


def test_a_round_holds_a_frame_of_either_side_and_the_layers() -> None:
    task = vgan().task
    round = task({"x": torch.zeros(4, 3, 8, 16, 16), "label": torch.zeros(4, dtype=torch.long)})
    assert round.real["frame"].shape == round.fake["frame"].shape == (4, 3, 16, 16)
    assert {*round.made} == {"mask", "foreground", "background"} and "label" not in round.fake
    assert round.fake["frame"].requires_grad
    made = task.sample(3, {"z": torch.randn(3, 4)})
    assert made["x"].shape == (3, 3, 8, 16, 16) and task.medium.name == "video"


def test_sparsity_is_the_mean_of_the_mask_and_the_generators_alone() -> None:
    module = vgan()
    round = module.task({"x": torch.zeros(4, 3, 8, 16, 16)})
    turn = Turn("generator", round, Verdict({}), Verdict({}), module.task, module.discriminator)
    assert MaskSparsity()(turn).item() == pytest.approx(round.made["mask"].mean().item())
    assert MaskSparsity.players == ("generator",)
    with pytest.raises(LabError, match="this round has no mask"):
        MaskSparsity()(replace(turn, round=mocogan().task({"x": torch.zeros(4, *CLIP)})))
