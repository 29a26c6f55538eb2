"""Figures of clips, by laws."""

import math

import pytest
import torch
from torch import Tensor

from gan_lab.data import ShapeMotionDataModule
from gan_lab.errors import LabError
from gan_lab.media import Image, Video
from gan_lab.metrics import (
    Activations,
    ColourDistance,
    ContentDistance,
    Evaluation,
    FrameConsistency,
    FrameFeatures,
    FrameFrechetDistance,
    FrechetDistance,
    MotionRecognised,
    Reference,
    ShapeDistance,
    ShapeMotionAccuracy,
    ShapeMotionFeatures,
    ShapeRecognised,
    content_distance,
    left_out,
)
from gan_lab.metrics.clip_features import lit_colours
from gan_lab.metrics.clips import consistency
from gan_lab.metrics.features import activations
from gan_lab.metrics.reference import cached_activations

SHAPE = (3, 8, 32, 32)
FIGURES = {
    "frame_fid": FrameFrechetDistance,
    "colour": ColourDistance,
    "shape": ShapeDistance,
    "content": ContentDistance,
    "consistency": FrameConsistency,
    "motion": MotionRecognised,
    "recognised": ShapeRecognised,
}


@pytest.fixture(scope="module")
def data() -> ShapeMotionDataModule:
    module = ShapeMotionDataModule(SHAPE, train_size=300, test_size=150)
    module.setup()
    return module


@pytest.fixture(scope="module")
def evaluation(data: ShapeMotionDataModule) -> Evaluation:
    network = ShapeMotionFeatures()
    real, train = (activations(network, split.images) for split in (data.test, data.train))
    return Evaluation(network, FIGURES, real, train, num_samples=100)


def test_content_distance_is_the_mean_over_pairs() -> None:
    random = torch.Generator().manual_seed(0)
    frames = torch.randn(4, 5, 3, generator=random)
    pairs = [(s, t) for s in range(5) for t in range(s)]
    expected = sum((frames[:, s] - frames[:, t]).norm(dim=1) for s, t in pairs) / len(pairs)
    assert torch.allclose(content_distance(frames).float(), expected, atol=1e-5)
    assert content_distance(frames[:, :1].expand(-1, 5, -1)).max() == 0
    assert content_distance(3 * frames) == pytest.approx(3 * content_distance(frames))
    order = torch.randperm(5)
    assert content_distance(frames[:, order]) == pytest.approx(content_distance(frames))


def test_consistency_is_one_where_nothing_changes_and_nought_at_right_angles() -> None:
    still = torch.ones(2, 4, 3)
    turning = torch.eye(4).expand(2, 4, 4)
    assert consistency(still) == pytest.approx(torch.ones(2).double())
    assert consistency(turning) == pytest.approx(torch.zeros(2).double())


def test_colours_are_those_of_lit_pixels() -> None:
    clips = torch.zeros(1, 3, 2, 16, 16, dtype=torch.uint8)
    clips[0, :, 0, 3:6, 3:6] = torch.tensor([200, 100, 0], dtype=torch.uint8)[:, None, None]
    assert lit_colours(clips)[0].tolist() == [[200.0, 100.0, 0.0], [0.0, 0.0, 0.0]]


def test_real_clips_keep_their_content_and_are_recognised(evaluation: Evaluation) -> None:
    floor = evaluation.floor
    assert floor["content_distance_colour"] == 0
    assert floor["content_distance_shape"] < 0.1
    assert floor["motion_recognised"] > 0.95
    assert floor["shape_recognised"] > 0.5
    assert 0.3 < floor["consistency"] < 1
    assert floor["frame_fid"] < 2


def test_what_is_wrong_with_clips_is_seen(
    evaluation: Evaluation, data: ShapeMotionDataModule
) -> None:
    floor = evaluation.floor
    clips = data.train.images[:100]
    shuffled = clips[:, :, torch.randperm(8, generator=torch.Generator().manual_seed(0))]
    mixed = torch.stack([clips[:, :, 0], clips.roll(1, 0)[:, :, 0]], 2).repeat(1, 1, 4, 1, 1)
    of = {"shuffled": evaluation([shuffled]), "mixed": evaluation([mixed])}
    assert of["mixed"]["content_distance_colour"] > 30
    assert of["mixed"]["content_distance_shape"] > 3 * floor["content_distance_shape"]
    assert of["shuffled"]["consistency"] < floor["consistency"]
    assert of["shuffled"]["content_distance"] == pytest.approx(
        evaluation([clips])["content_distance"], rel=1e-5
    )


def test_motion_and_shape_are_those_asked_for(data: ShapeMotionDataModule) -> None:
    network = ShapeMotionFeatures()
    seen = activations(network, data.test.images)
    labelled = Activations(seen.features, seen.logits, data.test.labels, seen.beside)
    metric = ShapeMotionAccuracy(Reference(labelled, labelled, network.name))
    metric.update(labelled)
    found = metric.compute()
    assert found["motion_accuracy"] > 0.97 and found["shape_accuracy"] > 0.9
    metric.reset()
    turned = labelled.labels
    assert isinstance(turned, Tensor)
    metric.update(Activations(seen.features, seen.logits, (turned + 2) % 4, seen.beside))
    other = metric.compute()
    assert other["motion_accuracy"] == pytest.approx(1 - found["motion_accuracy"])
    assert other["shape_accuracy"] == found["shape_accuracy"]


def test_frame_fid_is_fid_of_all_frames() -> None:
    random = torch.Generator().manual_seed(0)
    real, made = (torch.randn(60, 4, 3, generator=random) for _ in range(2))
    empty = torch.zeros(60, 3)
    reference = Reference(Activations(empty, beside={"frames": real}), Activations(empty), "frames")
    metric = FrameFrechetDistance(reference)
    for part in made.split(25):
        metric.update(Activations(torch.zeros(len(part), 3), beside={"frames": part}))
    flat = Reference(Activations(real.flatten(0, 1)), Activations(empty), "flat")
    plain = FrechetDistance(flat)
    plain.update(Activations(made.flatten(0, 1)))
    assert metric.compute()["frame_fid"] == pytest.approx(plain.compute()["fid"].item())


def test_random_frames_take_any_clips_and_see_motion() -> None:
    network = FrameFeatures(Video((1, 4, 16, 24)))
    random = torch.Generator().manual_seed(0)
    still = torch.randint(256, (3, 1, 1, 16, 24), generator=random).byte().expand(-1, -1, 4, -1, -1)
    seen = network(still)
    assert seen.features.shape == (3, network.num_features)
    assert seen.features[:, 128:].abs().max() < 1e-5 < seen.features[:, :128].std()
    moving = network(torch.randint(256, (3, 1, 4, 16, 24), generator=random).byte())
    assert moving.features[:, 128:].min() > 0 and moving.beside["frames"].shape == (3, 4, 128)
    with pytest.raises(ValueError, match="takes clips, got image"):
        FrameFeatures(Image((1, 16, 24)))
    with pytest.raises(LabError, match="samples must have shape"):
        network(still[..., :8])


def test_figures_that_features_cannot_tell_are_left_out_and_named() -> None:
    network = FrameFeatures(Video(SHAPE))
    names = left_out({**FIGURES, "accuracy": ShapeMotionAccuracy}, network, 0)
    assert names["random_frames features tell no colours"] == ["colour"]
    assert {n for group in names.values() for n in group} == {
        *("colour", "shape", "motion", "recognised", "accuracy"),
    }
    with pytest.raises(ValueError, match="needs the colours of samples"):
        ColourDistance(
            Reference(Activations(torch.zeros(2, 3)), Activations(torch.zeros(2, 3)), "x")
        )


def test_what_frames_tell_is_cached_too(tmp_path, data: ShapeMotionDataModule) -> None:  # type: ignore[no-untyped-def]
    network = FrameFeatures(Video(SHAPE))
    clips = data.test.images[:5]
    first = cached_activations(network, clips, "clips", tmp_path)
    again = cached_activations(network, clips, "clips", tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    assert torch.equal(first.beside["frames"], again.beside["frames"])
    assert torch.equal(again[:2].beside["frames"], first.beside["frames"][:2])
    assert not math.isnan(float(again.features.sum()))
