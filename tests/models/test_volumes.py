"""Networks of three axes: volumes, clips in layers, contents with motions."""

from functools import partial

import pytest
import torch
from torch import nn

from gan_lab.game import GAN
from gan_lab.losses import NonSaturating, Wasserstein
from gan_lab.models import (
    DCGANGenerator,
    FramesAndClips,
    HalvingReadout,
    MoCoGANBackbone,
    MoCoGANGenerator,
    OneHotLabels,
    Scores,
    VGANGenerator,
    VolumeBackbone,
    VolumeGenerator,
)
from gan_lab.models.normalisation import normalisation
from gan_lab.tasks import Clips, Generation
from gan_lab.terms import GradientPenalty

CLIP = (3, 13, 16, 16)
NARROW = {"content_dim": 3, "motion_dim": 2, "width": 2}
LATENTS = 3 + 2 * 14


def mocogan(**options: object) -> MoCoGANGenerator:
    torch.manual_seed(0)
    return MoCoGANGenerator(LATENTS, CLIP, **NARROW, **options).eval()  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(1, 16, 16, 16), (1, 32, 32, 32), (3, 8, 16, 24)])
def test_volumes_are_drawn_and_judged_at_their_size(shape: tuple[int, ...]) -> None:
    z = torch.randn(2, 5)
    for network in (VolumeGenerator, VGANGenerator):
        made = network(5, shape, width=2)(z)
        assert made.shape == (2, *shape) and made.abs().max() <= 1
    backbone = VolumeBackbone(shape, width=2)
    assert backbone(torch.zeros(2, *shape)).shape == (2, backbone.features)


def test_the_published_sizes_are_the_papers() -> None:
    """Vondrick et al. 2016: 32 frames of 64×64 start at 2×4×4; Wu et al. 2016: 64³ at 4³."""
    with torch.device("meta"):
        clips, solids = VGANGenerator(), VolumeGenerator(200, (1, 64, 64, 64))
    shapes = [layer.weight.shape for layer in clips.trunk.layers if hasattr(layer, "stride")]
    assert [tuple(shape) for shape in shapes] == [
        (100, 512, 2, 4, 4),
        (512, 256, 4, 4, 4),
        (256, 128, 4, 4, 4),
        (128, 64, 4, 4, 4),
    ]
    widths = [m.weight.shape[1] for m in solids.modules() if isinstance(m, nn.ConvTranspose3d)]
    assert widths == [512, 256, 128, 64, 1]


@pytest.mark.parametrize("shape", [(1, 16, 16), (1, 14, 18, 18), (3, 3, 16, 16), (1, 4, 4, 4)])
def test_samples_that_do_not_halve_are_refused(shape: tuple[int, ...]) -> None:
    for network in (VolumeGenerator, VGANGenerator):
        with pytest.raises(ValueError, match="that halve until"):
            network(5, shape)
    with pytest.raises(ValueError, match="that halve until"):
        VolumeBackbone(shape)


def test_a_layered_clip_is_its_layers_laid_together() -> None:
    torch.manual_seed(0)
    generator = VGANGenerator(5, (3, 8, 16, 16), width=2).eval()
    z = torch.randn(2, 5)
    layers = generator.layered(z)
    assert layers["background"].shape == (2, 3, 1, 16, 16)  # which no frame changes
    assert layers["mask"].shape == (2, 1, 8, 16, 16)
    assert 0 <= layers["mask"].min() <= layers["mask"].max() <= 1
    mask = layers["mask"]
    expected = mask * layers["foreground"] + (1 - mask) * layers["background"]
    assert torch.equal(layers["x"], expected) and torch.equal(generator(z), expected)


def test_a_content_stays_and_a_motion_moves() -> None:
    generator = mocogan()
    z = torch.randn(4, LATENTS)
    still = z.clone()
    still[:, 3:] = 0
    assert generator(z).shape == (4, *CLIP)
    path = generator.motions(torch.zeros(1, 14, 2))
    assert path.shape == (1, 13, 2)
    changed = z.clone()
    changed[:, 3 + 2 * 7 :] += 1  # noise from the seventh frame on
    before, after = generator(z), generator(changed)
    same = (before - after).abs().amax((0, 1, 3, 4))
    assert (same[:6] == 0).all() and (same[6:] > 0).all()  # nothing looks ahead
    other = z.clone()
    other[:, :3] += 1
    assert ((generator(other) - before).abs().amax((0, 1, 3, 4)) > 0).all()


def test_a_frame_is_a_function_of_content_and_motion_alone() -> None:
    generator = mocogan()
    z = torch.randn(1, LATENTS)
    motion = generator.motions(z[:, 3:].unflatten(1, (-1, 2)))
    frame = generator.frame(torch.cat([z[:, :3], motion[:, 5]], dim=1))
    assert torch.allclose(generator(z)[:, :, 5], frame, atol=1e-6)


def test_latents_that_do_not_add_up_are_told() -> None:
    with pytest.raises(ValueError, match=r"= 50 \+ 10 × 17 = 220, got 100"):
        MoCoGANGenerator(100)
    with pytest.raises(ValueError, match=r"\[channels, frames, height, width\]"):
        MoCoGANGenerator(100, (1, 28, 28))


def test_both_judges_look_at_patches_as_the_authors_do() -> None:
    """sergeytulyakov/mocogan: no frame is skipped, and 4 of 16 are left with 4×4 patches."""
    judge = FramesAndClips(partial(MoCoGANBackbone, width=2), (3, 16, 64, 64))
    sample = {"x": torch.zeros(2, 3, 16, 64, 64), "frame": torch.zeros(2, 3, 64, 64)}
    verdict = judge(sample)
    assert verdict.logits["clip"].shape == (2, 4, 4, 4)
    assert verdict.logits["frame"].shape == (2, 4, 4)
    assert judge.reads == ("x", "frame") and judge.sample_shape == (3, 16, 64, 64)
    assert [len(part.reads) for part in judge.parts()] == [1, 1]


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [((3, 12, 32, 32), "at least 13 frames"), ((3, 16, 8, 8), "16×16 pixels"), ((9,), "16×16")],
)
def test_short_or_small_clips_are_refused(shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        MoCoGANBackbone(shape)


def test_labels_reach_clips_and_are_recognised_of_them() -> None:
    generator = mocogan(labels=OneHotLabels(4))
    z = torch.randn(1, LATENTS).expand(2, -1)
    one, other = generator(z, torch.tensor([0, 1]))
    assert not torch.equal(one, other)
    judge = FramesAndClips(partial(MoCoGANBackbone, width=2), CLIP, heads={"label": 4})
    assert judge.gives == ("features", "label") and judge.taught == ("label",)
    sample = {"x": torch.zeros(2, *CLIP), "frame": torch.zeros(2, 3, 16, 16)}
    assert judge(sample).heads["label"].shape == (2, 4)
    layered = VGANGenerator(5, (3, 8, 16, 16), 2, OneHotLabels(4)).eval()
    one, other = layered(torch.randn(1, 5).expand(2, -1), torch.tensor([0, 1]))
    assert not torch.equal(one, other)


def test_norms_of_three_axes() -> None:
    kinds = [
        type(normalisation(norm, 2, axes=3)) for norm in ("batch", "layer", "instance", "none")
    ]
    assert kinds == [nn.BatchNorm3d, nn.GroupNorm, nn.InstanceNorm3d, nn.Identity]
    assert isinstance(normalisation("batch", 2), nn.BatchNorm2d)
    judge = Scores(partial(VolumeBackbone, width=16), (1, 16, 16, 16))
    first = judge.backbone.layers[0].weight
    assert first.detach().std() == pytest.approx(0.02, rel=0.1)
    assert first.is_contiguous(memory_format=torch.channels_last_3d)
    assert HalvingReadout(4, axes=3).convolution.stride == (1, 2, 2)


def test_critics_of_volumes_take_penalties_without_batch_norm() -> None:
    def game(norm: str) -> GAN:
        judge = Scores(partial(VolumeBackbone, width=2, norm=norm), (1, 16, 16, 16))
        task = Generation(VolumeGenerator(4, (1, 16, 16, 16), 2), medium=None)
        return GAN(task, judge, Wasserstein(), [GradientPenalty()])

    with pytest.raises(ValueError, match="use discriminator_norm=none or"):
        game("batch")
    assert game("layer").terms


def test_a_game_of_clips_refuses_other_samples() -> None:
    images = DCGANGenerator(5, (1, 28, 28), 2)
    with pytest.raises(ValueError, match="clips have a shape"):
        Clips(images)
    clips = Clips(mocogan())
    judge = FramesAndClips(partial(MoCoGANBackbone, width=2), (3, 16, 16, 16))
    with pytest.raises(ValueError, match="make their sample_shape equal"):
        GAN(clips, judge, NonSaturating())
