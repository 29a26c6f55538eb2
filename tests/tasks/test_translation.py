"""Tasks that make samples of samples: what they take, are asked for and promise."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_lab.contracts import Sample
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.media import Image
from gan_lab.models import PatchBackbone, PatchReadout, Scores, UNet
from gan_lab.tasks import Translation
from gan_lab.terms import R1, Reconstruction
from tests.game.playing import assert_one_side_moves_at_a_time, assert_resumes_bitwise, play

SHAPE = (3, 12, 16)
PATCHES = partial(PatchBackbone, width=2, layers=1, norm="none")


def pairs(random: torch.Generator) -> Sample:
    return {
        "source": torch.rand(4, 1, 12, 16, generator=random) * 2 - 1,
        "x": torch.rand(4, *SHAPE, generator=random) * 2 - 1,
    }


def translation(**options: Any) -> Translation:
    return Translation(UNet(1, 3, width=2, levels=2, **options), Image(SHAPE))


def game() -> GAN:
    judge = Scores(PATCHES, SHAPE, beside={"source": 1}, readout=PatchReadout)
    return GAN(translation(), judge, NonSaturating(), [Reconstruction(100.0), R1(every=2)])


def test_pairs_play_one_side_at_a_time_and_resume_bitwise(tmp_path: Path) -> None:
    torch.manual_seed(0)
    assert_one_side_moves_at_a_time(game(), pairs)
    assert_resumes_bitwise(game, pairs, tmp_path)


def test_a_round_lays_each_source_beside_its_partner_and_its_translation() -> None:
    task = translation(dropout=0.0)
    batch = {**pairs(torch.Generator()), "label": torch.arange(4)}
    round = task(batch)
    assert torch.equal(round.real["x"], batch["x"])
    assert torch.equal(round.real["source"], round.fake["source"])
    assert torch.equal(round.fake["label"], batch["label"])
    torch.testing.assert_close(round.fake["x"], task.translator(batch["source"]))


def test_what_it_promises_to_panels_and_command_lines() -> None:
    task = translation().eval()
    batch = pairs(torch.Generator())
    sources = task.sources(batch, torch.Generator())
    assert list(sources) == ["source"]
    assert task.translate(sources)["x"].shape == batch["x"].shape
    assert task.truth(batch) is batch["x"]
    assert task.truth({"source": batch["source"]}) is None
    assert task.source_medium().shape == (1, 12, 16)
    other = task.translate({"source": torch.zeros(1, 1, 9, 31)})
    assert other["x"].shape == (1, 3, 9, 31)
    made = task.sample(2, {"source": batch["source"]})
    assert made["x"].shape == (2, *SHAPE) and len(made["source"]) == 2
    with pytest.raises(ValueError, match="there is no direction back; this run has forth"):
        task.translate(sources, "back")


def test_data_of_other_keys_is_refused_by_a_sentence() -> None:
    with pytest.raises(LabError, match="Translation takes source and x, and the data's") as refusal:
        play(game(), lambda random: {"x": pairs(random)["x"]}, 1)
    assert "minibatches have no source; they hold x" in str(refusal.value)
    with pytest.raises(ValueError, match=r"makes 1 channel\(s\) and the medium has 3"):
        Translation(UNet(1, 1), Image(SHAPE))
