"""From what is left of a sample back to it; from lightness to colours."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from skimage import color
from torch import Tensor

from gan_lab.contracts import Sample
from gan_lab.degradations import Blur, Downsample, Greyscale, Mask, Noise
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.media import Image
from gan_lab.models import PatchBackbone, PatchReadout, Scores, SRResNet, UNet
from gan_lab.tasks import Colouring, Restoration
from gan_lab.tasks.colour import lab_to_rgb, rgb_to_lab
from gan_lab.terms import Reconstruction
from tests.game.playing import assert_one_side_moves_at_a_time, assert_resumes_bitwise

SHAPE = (3, 16, 24)
PATCHES = partial(PatchBackbone, width=2, layers=1, norm="none")
SMALL = partial(UNet, width=2, levels=2, dropout=0.0)


def images(random: torch.Generator, count: int = 4, shape: Any = SHAPE) -> Sample:
    return {"x": torch.rand(count, *shape, generator=random) * 2 - 1}


def restoration(translator: Any = None, chain: Any = None) -> Restoration:
    return Restoration(translator or SMALL(3, 3, 1), Image(SHAPE), chain or [Mask("box")])


def inpainting() -> GAN:
    judge = Scores(PATCHES, SHAPE, readout=PatchReadout)
    return GAN(restoration(), judge, NonSaturating(), [Reconstruction(1.0, where="mask")])


def colouring() -> GAN:
    judge = Scores(PATCHES, (2, 16, 24), ("ab",), {"source": 1}, readout=PatchReadout)
    term = Reconstruction(100.0, made="ab", target="ab")
    return GAN(Colouring(SMALL(1, 2), Image(SHAPE)), judge, NonSaturating(), [term])


@pytest.mark.parametrize("game", [inpainting, colouring])
def test_games_play_one_side_at_a_time_and_resume_bitwise(game: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    assert_one_side_moves_at_a_time(game(), images)
    assert_resumes_bitwise(game, images, tmp_path)


def test_degradations_are_chained_and_the_truth_is_the_sample() -> None:
    chain = {"small": Downsample(2), "grey": Greyscale(), "noise": None, "blur": Blur()}
    task = Restoration(SMALL(1, 3), Image(SHAPE), [Greyscale(), Noise(0.1)])
    batch = images(torch.Generator())
    one, two = (task.sources(batch, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(one["source"], two["source"])
    assert one["source"].shape == (4, 1, 16, 24)
    assert torch.equal(task.truth(batch), batch["x"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"has 1 channel\(s\) and is 2 times smaller"):
        Restoration(SMALL(3, 3), Image(SHAPE), chain)


def test_super_resolution_knows_sizes_that_do_not_divide() -> None:
    task = restoration(SRResNet(3, 3, scale=4, width=2, blocks=1), [Downsample(4)]).eval()
    assert task.scale == 4 and task.source_medium().shape == (3, 4, 6)
    batch = images(torch.Generator(), 2, (3, 18, 27))
    sources = task.sources(batch)
    assert sources["source"].shape == (2, 3, 4, 6)
    truth = task.truth(batch)
    assert truth is not None and task.translate(sources)["x"].shape == truth.shape == (2, *SHAPE)
    assert torch.equal(truth, batch["x"][:, :, :16, :24])


def test_holes_alone_are_filled_where_nothing_else_is_wrong() -> None:
    task, batch = restoration().eval(), images(torch.Generator())
    source = task.sources(batch, torch.Generator())
    made, hole = task.translate(source)["x"], source["mask"].expand(-1, 3, -1, -1) > 0
    assert torch.equal(made[~hole], batch["x"][~hole])
    assert (made[hole] != batch["x"][hole]).any()
    noisy = restoration(chain=[Mask("box"), Noise()]).eval()
    source = noisy.sources(batch)
    assert not torch.equal(noisy.translate(source)["x"][~hole], source["source"][~hole])
    with pytest.raises(LabError, match="give mask, 1 in the holes"):
        task.translate({"source": batch["x"]})


@pytest.mark.parametrize(
    ("translator", "chain", "sentence"),
    [
        (SMALL(3, 3), {"none": None}, "nothing is degraded"),
        (SMALL(3, 3), [Greyscale()], r"has 1 channel\(s\) and is 1 times smaller"),
        (SMALL(3, 3, 2), [Mask()], r"room for 2 channel\(s\) beside the source; a mask takes 1"),
        (SMALL(3, 3, 1), [Noise()], "nothing else is known of what was degraded"),
        (SRResNet(3, 3, scale=2), [Mask(), Downsample(2)], "a mask comes after what makes images"),
        (SRResNet(3, 3, scale=2), [Downsample(4)], "is 4 times smaller, and the translator takes"),
        (SMALL(3, 1), [Blur()], r"makes 1 channel\(s\) and the medium has 3"),
    ],
)
def test_chains_that_do_not_fit_are_refused(translator: Any, chain: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        restoration(translator, chain)
    assert "\n" not in str(refusal.value)


def test_samples_must_divide_by_the_scale() -> None:
    with pytest.raises(ValueError, match=r"samples of \[15, 24\] pixels do not divide by 2"):
        Restoration(SRResNet(3, 3, scale=2), Image((3, 15, 24)), [Downsample(2)])


def colours(count: int = 400) -> Tensor:
    """Return colours (1, 3, 1, N), among them black, white and greys."""
    torch.manual_seed(0)
    some = torch.rand(3, count, dtype=torch.float64)
    greys = torch.linspace(0, 1, 11, dtype=torch.float64).expand(3, -1)
    return torch.cat([some, greys], dim=1)[None, :, None] * 2 - 1


def test_lab_is_scikit_images_and_comes_back() -> None:
    rgb = colours()
    ours = rgb_to_lab(rgb)
    theirs = color.rgb2lab(((rgb + 1) / 2)[0].permute(1, 2, 0).numpy())
    np.testing.assert_allclose(ours[0].permute(1, 2, 0).numpy(), theirs, atol=2e-2)
    torch.testing.assert_close(lab_to_rgb(ours), rgb, atol=2e-3, rtol=0)
    assert ours[:, 0].min() >= 0 and ours[:, 0].max() < 100.01
    assert ours[..., -11:][:, 1:].abs().max() < 0.01  # greys have no colour


def test_colours_are_differentiable_even_of_black() -> None:
    rgb = colours(8).requires_grad_()
    assert torch.autograd.gradcheck(rgb_to_lab, rgb, atol=1e-4)
    lab = rgb_to_lab(0.5 * colours(8)).detach().requires_grad_()
    assert torch.autograd.gradcheck(lab_to_rgb, lab, atol=1e-4)
    black = torch.full((1, 3, 1, 1), -1.0, requires_grad=True)
    lab_to_rgb(rgb_to_lab(black)).sum().backward()
    assert black.grad is not None and black.grad.isfinite().all()


def test_colouring_keeps_lightness_and_knows_the_true_colours() -> None:
    task = Colouring(SMALL(1, 2), Image(SHAPE))
    batch = {"x": 0.2 * images(torch.Generator())["x"]}  # colours that all exist
    round = task(batch)
    lab = rgb_to_lab(batch["x"])
    torch.testing.assert_close(round.real["source"], lab[:, :1] / 50 - 1)
    torch.testing.assert_close(round.real["ab"], lab[:, 1:] / 110)
    assert round.fake["x"].shape == batch["x"].shape
    with torch.no_grad():
        task.translator.last[-2].weight.mul_(0)  # no colour at all
        task.translator.last[-2].bias.mul_(0)
    grey = task.translate(task.sources(batch))["x"]
    torch.testing.assert_close(grey[:, :1].expand(-1, 3, -1, -1), grey, atol=1e-3, rtol=0)
    torch.testing.assert_close(rgb_to_lab(grey)[:, 0], lab[:, 0], atol=0.05, rtol=0)
    with pytest.raises(ValueError, match=r"colouring makes 2 channels \(a, b\) of 1 \(L\)"):
        Colouring(SMALL(1, 3), Image(SHAPE))
