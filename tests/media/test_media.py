"""What samples are made of: conversions, pictures, files and TensorBoard's calls."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from gan_lab.errors import LabError
from gan_lab.media import Image, Points, image_grid, quantise, to_bytes
from gan_lab.media.files import read_images

SHAPES = [(1, 28, 28), (3, 8, 12), (2, 6, 4), (4, 5, 9), (13, 3, 7), (1, 1, 1)]
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


class Writer:
    """Notes what it was told to add."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def add_image(self, *arguments: Any) -> None:
        self.calls.append(arguments)


def every_byte() -> torch.Tensor:
    return torch.arange(256, dtype=torch.uint8)


def test_bytes_to_floats_and_back_are_the_same_bytes() -> None:
    medium = Image((1, 16, 16))
    raw = every_byte().reshape(1, 1, 16, 16)
    floats = medium.to_float(raw)
    assert floats.dtype == torch.float32
    assert floats.min() == -1 and floats.max() == 1
    assert torch.equal(medium.to_raw(floats), raw)
    assert medium.to_float(floats) is floats
    assert torch.equal(quantise(raw), raw)


def test_values_are_rounded_to_the_nearest_byte_and_clamped() -> None:
    step = 2 / 255
    values = torch.tensor([-5.0, -1.0, -1 + 0.4 * step, -1 + 0.6 * step, 1.0, 5.0])
    assert quantise(values).tolist() == [0, 0, 0, 1, 255, 255]
    assert quantise(values.bfloat16())[[0, -1]].tolist() == [0, 255]


def test_metrics_bytes_are_those_of_sound_samples_only() -> None:
    sound = torch.rand(4, 3, 2, 2) * 2 - 1
    assert torch.equal(to_bytes(sound), quantise(sound))
    assert torch.equal(to_bytes(sound[:0]), quantise(sound[:0]))
    raw = quantise(sound)
    assert to_bytes(raw) is raw
    loud = sound.clone()
    loud[1] = 1.5
    with pytest.raises(LabError, match=r"samples must lie in \[-1, 1\], got values from"):
        to_bytes(loud)
    for bad in (float("nan"), float("inf")):
        broken = sound.clone()
        broken[2, 0, 0, 0] = bad
        with pytest.raises(LabError, match="1 of 4 samples hold NaN or infinity"):
            to_bytes(broken)


@every_shape
@pytest.mark.parametrize("count", [1, 2, 5])
def test_images_of_any_channels_and_aspect_have_a_picture(
    shape: tuple[int, int, int], count: int
) -> None:
    images = torch.rand(count, *shape) * 2 - 1
    picture = Image(shape).picture(images)
    assert picture.dtype == torch.uint8
    assert picture.ndim == 3 and picture.shape[0] == 3
    assert picture.shape[1] >= shape[1] and picture.shape[2] >= shape[2]
    row = Image(shape).picture(images, columns=count)
    assert row.shape[2] >= count * shape[2]
    top = row[:, 2 : 2 + shape[1], 2 : 2 + shape[2]] if count > 1 else row
    assert torch.equal(top[0], quantise(images)[0, 0])


@every_shape
def test_images_are_written_as_files_that_are_read_back(
    shape: tuple[int, int, int], tmp_path: Path
) -> None:
    images = torch.rand(3, *shape) * 2 - 1
    paths = Image(shape).write(images, tmp_path)
    assert [path.name for path in paths] == ["000000.png", "000001.png", "000002.png"]
    read = read_images(tmp_path)
    shown = 1 if shape[0] == 1 else 3
    assert read.shape == (3, shown, *shape[1:])
    kept = min(shown, shape[0])
    assert torch.equal(read[:, :kept], quantise(images)[:, :kept])
    with Pillow.open(paths[0]) as file:
        assert file.size == (shape[2], shape[1])


def test_images_are_logged_as_images() -> None:
    writer, images = Writer(), torch.zeros(4, 2, 3, 5)
    Image((2, 3, 5)).log(writer, "samples", images, 7)
    ((tag, picture, step),) = writer.calls
    assert (tag, step) == ("samples", 7)
    assert torch.equal(picture, image_grid(images))


def test_points_pass_through_as_they_are(tmp_path: Path) -> None:
    medium, points = Points((3,)), torch.tensor([[-5.0, 0.0, 300.0], [1.0, 2.0, 3.0]])
    assert medium.to_float(points) is points
    assert medium.to_float(points.double()).dtype == torch.float64
    assert torch.equal(medium.to_float(torch.tensor([[1, 2, 3]])), torch.tensor([[1.0, 2.0, 3.0]]))
    assert medium.to_raw(points) is points
    assert medium.picture(points) is None
    (path,) = medium.write(points, tmp_path)
    with np.load(path) as content:
        assert np.array_equal(content["samples"], points.numpy())
    writer = Writer()
    medium.log(writer, "samples", points, 0)
    assert not writer.calls


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Image((28, 28)), r"an image has a shape \[channels, height, width\], got \[28"),
        (lambda: Image((0, 28, 28)), r"an image has a shape \[channels, height, width\]"),
        (lambda: Points((2, 2)), r"a point has a shape \[dimension\], got \[2, 2\]"),
        (lambda: Points(()), r"a point has a shape \[dimension\], got \[\]"),
    ],
)
def test_shapes_of_another_medium_are_refused(build: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build()
