"""Clips and their files."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.media import Video
from gan_lab.media.frames import read_clip
from tests.media.test_media import Writer

SHAPE = (3, 5, 12, 16)


def moving() -> Tensor:
    """A bright bar that goes to the right, one that blinks, and a clip in which nothing happens."""
    clips = torch.zeros(3, *SHAPE, dtype=torch.uint8)
    for t in range(SHAPE[1]):
        clips[0, 0, t, :, 2 * t : 2 * t + 3] = 200
        clips[1, :, t, 2:5] = 90 * (t % 2)
    clips[2, 1, :, 3:9] = 77
    return clips


@pytest.mark.parametrize("channels", [1, 3])
def test_gifs_hold_what_was_drawn_frame_by_frame(channels: int, tmp_path: Path) -> None:
    clips, shape = moving()[:, :channels], (channels, *SHAPE[1:])
    paths = Video(shape).write(clips, tmp_path)
    assert [path.name for path in paths] == ["000000.gif", "000001.gif", "000002.gif"]
    for clip, path in zip(clips, paths, strict=True):
        assert torch.equal(read_clip(path, shape)[0], clip), path
    with Pillow.open(paths[0]) as file:
        assert file.n_frames == SHAPE[1] and file.info["duration"] == 100


def test_films_are_enlarged_and_come_back_nearly_as_they_were(tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="the extra video is not installed")
    clips = moving()
    paths = Video(SHAPE).write(clips, tmp_path, "mp4")
    assert sorted(tmp_path.iterdir()) == paths
    read = torch.cat([read_clip(path, SHAPE) for path in paths])
    assert (read.float() - clips.float()).abs().mean() < 6
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(paths[0].read_bytes()[:100])
    with pytest.raises(LabError, match="broken.mp4 is damaged or no film"):
        read_clip(broken, SHAPE)


def test_a_film_without_the_extra_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    with pytest.raises(LabError, match=r"to read films imageio-ffmpeg .*'gan-lab\[video\]'"):
        read_clip(film, SHAPE)
    with pytest.raises(LabError, match="to write films"):
        Video(SHAPE).write(moving(), tmp_path, "mp4")


def test_a_longer_file_is_several_clips_and_strides_skip_frames(tmp_path: Path) -> None:
    (path,) = Video((3, 5, 12, 16)).write(moving()[:1], tmp_path)
    two = read_clip(path, (3, 2, 12, 16), most=10)
    assert torch.equal(two, torch.stack([moving()[0, :, 0:2], moving()[0, :, 2:4]]))
    assert torch.equal(read_clip(path, (3, 3, 12, 16), stride=2)[0], moving()[0, :, ::2])
    assert read_clip(path, (1, 2, 6, 8)).shape == (1, 1, 2, 6, 8)


def test_a_picture_is_a_filmstrip_a_clip() -> None:
    medium, clips = Video(SHAPE), moving()
    picture = medium.picture(clips)
    assert picture.shape == (3, 3 * (12 + 2) + 2, 5 * (16 + 2) + 2)
    assert torch.equal(picture[:, 2:14, 2:18], clips[0, :, 0])
    assert medium.picture(clips, 3).shape[1] == 16
    assert torch.equal(medium.to_raw(medium.to_float(clips)), clips)


def test_tensorboard_is_given_an_animation() -> None:
    class File:
        def add_summary(self, summary: Any, step: int) -> None:
            calls.append((summary, step))

    calls: list[Any] = []
    writer = Writer()
    writer.file_writer = File()  # type: ignore[attr-defined]
    Video(SHAPE).log(writer, "samples", moving(), 7)
    ((summary, step),) = calls
    (value,) = summary.value
    assert (value.tag, step) == ("samples_in_motion", 7)
    assert value.image.encoded_image_string.startswith(b"GIF89a")


def test_strangers_clips_are_read_in_a_seeded_order(tmp_path: Path) -> None:
    medium, clips = Video(SHAPE), moving()
    medium.write(clips, tmp_path)
    order = torch.randperm(3, generator=torch.Generator().manual_seed(4))
    assert torch.equal(medium.read(tmp_path, seed=4), clips[order])
    np.savez(tmp_path / "clips.npz", samples=clips.numpy())
    assert torch.equal(medium.read(tmp_path / "clips.npz", 2, 4), clips[order][:2])


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("one frame", r"holds 1 frame, and a clip of 5 takes 5; make sample_shape's frames fewer"),
        ("text", "is damaged or no image"),
        ("empty", "there are no clips in"),
        ("absent", "is no folder"),
        ("array", r"must hold a uint8 array of shape \(N, 3, 5, 12, 16\), got float64"),
    ],
)
def test_what_is_no_clip_is_told_in_one_line(fault: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path
    if fault == "one frame":
        Pillow.new("RGB", (16, 12)).save(tmp_path / "one.gif")
    elif fault == "text":
        (tmp_path / "text.gif").write_text("GIF")
    elif fault == "absent":
        path = tmp_path / "nowhere"
    elif fault == "array":
        path = tmp_path / "clips.npz"
        np.savez(path, np.zeros((2, *SHAPE)))
    with pytest.raises(LabError, match=sentence) as error:
        Video(SHAPE).read(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 1, 8, 8), (0, 4, 8, 8)])
def test_shapes_that_are_no_clips_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="of two frames at least"):
        Video(shape)
    with pytest.raises(ValueError, match="frames_per_second must be positive"):
        Video(SHAPE, 0)
