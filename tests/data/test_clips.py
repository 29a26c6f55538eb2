"""Data sets of clips."""

from pathlib import Path

import pytest
import torch

from gan_lab.data import (
    MovingMNISTDataModule,
    ShapeMotionDataModule,
    StoredTensor,
    VideoFolderDataModule,
)
from gan_lab.data.moving_mnist import bounces
from gan_lab.errors import LabError
from gan_lab.media import Video
from gan_lab.metrics import content_distance
from gan_lab.metrics.clip_features import lit_colours

SMALL = (3, 6, 16, 16)


def drawn(seed: int = 0) -> ShapeMotionDataModule:
    data = ShapeMotionDataModule(SMALL, train_size=300, test_size=100, batch_size=4, seed=seed)
    data.setup()
    return data


def test_shapes_keep_their_colour_and_their_size_and_move_as_labelled() -> None:
    clips, labels = drawn().train
    assert clips.shape == (300, *SMALL) and clips.dtype == torch.uint8
    assert set(labels.tolist()) == {0, 1, 2, 3}
    assert content_distance(lit_colours(clips)).max() == 0
    lit = (clips.amax(1) > 0).float()  # (N, T, H, W)
    assert (lit.sum((2, 3)) > 0).all()
    places = torch.arange(16.0)
    x = (lit.sum(2) * places).sum(2) / lit.sum((2, 3))
    y = (lit.sum(3) * places).sum(2) / lit.sum((2, 3))
    sideways = labels < 2
    assert (x[sideways, -1] - x[sideways, 0] > 5).all()
    assert (y[~sideways, -1] - y[~sideways, 0] > 5).all()
    assert (x[sideways].diff(dim=1) >= -0.5).all()  # none turns back


def test_circles_are_round_and_squares_are_not() -> None:
    data = ShapeMotionDataModule((3, 2, 64, 64), train_size=200, test_size=10)
    data.setup()
    clips, labels = data.train
    lit = clips[:, :, 0].amax(1) > 0
    boxes = lit.any(1).sum(1) * lit.any(2).sum(1)
    filled = lit.sum((1, 2)) / boxes
    assert (filled[labels % 2 == 1] == 1).all()
    assert filled[labels % 2 == 0].mean() == pytest.approx(torch.pi / 4, abs=0.03)


def test_a_set_is_a_function_of_its_seed_and_its_splits_differ() -> None:
    one, other = drawn(), drawn(1)
    assert torch.equal(one.train.images, drawn().train.images)
    assert not torch.equal(one.train.images, other.train.images)
    assert not torch.equal(one.train.images[:100], one.test.images)
    (batch,) = next(iter(one.train_dataloader()))
    assert batch["x"].shape == (4, *SMALL) and batch["x"].min() == -1
    assert one.medium.name == "video"


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((1, 6, 16, 16), r"sample_shape must be \[3, frames, height, width\]"),
        ((3, 1, 16, 16), "two frames at least"),
        ((3, 6, 8, 8), "16×16 pixels at least"),
    ],
)
def test_shapes_need_room_and_time(shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ShapeMotionDataModule(shape)


def test_digits_bounce_within_the_field_at_constant_speed() -> None:
    random = torch.Generator().manual_seed(0)
    places = bounces(500, 30, torch.tensor([36, 20]), 4.0, random)
    assert places.min() >= 0 and places[..., 0].max() <= 36 and places[..., 1].max() <= 20
    step = places.diff(dim=1).double().norm(dim=2)
    assert step.max() <= 4 + 2**0.5 and step.median() == pytest.approx(4, abs=0.5)
    still = bounces(3, 5, torch.tensor([0, 0]), 4.0, random)
    assert not still.any()


def test_moving_mnist_shows_mnists_digits(mnist_root: Path) -> None:
    data = MovingMNISTDataModule(
        mnist_root, (1, 4, 32, 40), train_size=20, test_size=5, batch_size=2
    )
    data.prepare_data()
    data.setup()
    clips, labels = data.train
    assert clips.shape == (20, 1, 4, 32, 40) and labels.max() < 100
    lit = (clips > 0).float().mean((1, 3, 4))
    assert (lit > 0.03).all()
    one = MovingMNISTDataModule(mnist_root, (1, 4, 28, 28), digits=1, train_size=20, test_size=5)
    one.setup()
    images, classes = one.mnist.load(train=True)
    first = one.train.images[0, :, 0]
    matches = (images == first).flatten(1).all(1)
    assert matches.any() and classes[matches][0] == one.train.labels[0]
    with pytest.raises(ValueError, match="digits must be 1 or 2, got 3"):
        MovingMNISTDataModule(mnist_root, digits=3)
    with pytest.raises(ValueError, match="speed must be positive"):
        MovingMNISTDataModule(mnist_root, speed=0.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clips")
    clips, _ = drawn().test
    for name, part in (("a", clips[:6]), ("b", clips[6:12])):
        Video(SMALL).write(part, root / name)
    return root


def test_a_folder_of_clips_has_their_subfolders_for_classes(folder: Path) -> None:
    data = VideoFolderDataModule(folder, (3, 3, 16, 16), batch_size=2)
    data.prepare_data()
    data.setup()
    assert data.train.images.shape == (22, 3, 3, 16, 16)  # two clips a file
    assert data.train.labels.bincount().tolist() == [12, 10]
    assert data.test.images.shape == (2, 3, 3, 16, 16) and data.test.labels.tolist() == [1, 1]
    clips, _ = drawn().test
    assert torch.equal(data.train.images[1], clips[0][:, 3:])


def test_a_folder_beyond_memory_is_kept_in_a_file(folder: Path) -> None:
    kept = VideoFolderDataModule(folder, SMALL, batch_size=2, memory_share=0.0)
    held = VideoFolderDataModule(folder, SMALL, batch_size=2)
    for data in (kept, held):
        data.setup()
    assert isinstance(kept.train.images, StoredTensor)
    assert torch.equal(kept.train.images[:], held.train.images[:])
    assert torch.equal(kept.train.labels, held.train.labels)


def test_few_or_short_clips_are_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="data.root=.* is no folder"):
        VideoFolderDataModule(tmp_path / "nowhere").prepare_data()
    with pytest.raises(LabError, match="holds 0 clips"):
        VideoFolderDataModule(tmp_path).prepare_data()
    with pytest.raises(LabError, match="holds 6 frames, and a clip of 9 takes 9"):
        VideoFolderDataModule(folder, (3, 9, 16, 16)).setup()
    with pytest.raises(ValueError, match="stride must be at least 1"):
        VideoFolderDataModule(folder, stride=0)


def test_each_split_holds_a_clip_at_least() -> None:
    assert len(ShapeMotionDataModule((3, 2, 16, 16), 1, 1).load(train=True).images) == 1
    for sizes in ((0, 1), (1, -1)):
        with pytest.raises(ValueError, match=f"size must be at least 1, got {min(sizes)}"):
            ShapeMotionDataModule((3, 2, 16, 16), *sizes)
