"""What samples are made of: conversions, pictures, files and TensorBoard's calls."""

import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from gan_lab.errors import LabError
from gan_lab.media import Image, Points, image_grid, quantise, to_bytes
from gan_lab.media.files import read_images, save_png

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
    order = torch.randperm(3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(read[:, :kept], quantise(images)[order, :kept])
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


def archive(path: Path, header: bytes, content: bytes = b"", flag: int = 0) -> Path:
    """Write an .npz file whose one array has any header, and whose flags may say encrypted."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("images.npy", header + content)
    if flag:
        data = bytearray(path.read_bytes())
        for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            data[data.index(signature) + offset] |= flag
        path.write_bytes(data)
    return path


def npy(shape: str, length: int = 118) -> bytes:
    text = (
        f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(length - 1) + "\n"
    )
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    "fault", ["nothing", "no array", "encrypted", "huge header", "long header", "pickled", "cut"]
)
def test_arrays_that_are_none_are_told_in_one_line(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    if fault == "nothing":
        path.write_bytes(b"")
    elif fault == "no array":
        zipfile.ZipFile(path, "w").close()
    elif fault == "encrypted":
        archive(path, npy("(2, 4, 4)"), bytes(32), flag=1)
    elif fault == "huge header":
        archive(path, npy("(1000000, 1000, 1000)"))
    elif fault == "long header":
        archive(path, npy("(2, 4, 4)", length=60_000), bytes(32))
    elif fault == "pickled":
        np.savez(path, np.array([{"a": 1}], dtype=object))
    else:
        archive(path, npy("(2, 4, 4)"), bytes(31))
    with pytest.raises(LabError, match=r"x\.npz is (no|damaged)"):
        read_images(path)


def test_an_array_beyond_memory_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan_lab.media.files.LARGE", 1000)
    monkeypatch.setattr("gan_lab.media.files.DENSE", 0.5)
    archive(tmp_path / "x.npz", npy("(100, 4, 4)"), bytes(1600))
    with pytest.raises(LabError, match="is a decompression bomb"):
        read_images(tmp_path / "x.npz")


def test_pipes_and_bombs_among_images_are_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(LabError, match=r"a\.png is no regular file"):
        read_images(tmp_path)
    (tmp_path / "a.png").unlink()
    os.mkfifo(tmp_path / "x.npz")
    with pytest.raises(LabError, match="is no regular file"):
        read_images(tmp_path / "x.npz")
    for side in (9_000, 60_000):  # the decoder itself refuses the larger one
        image_header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        chunk = b"IHDR" + image_header
        data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
        data += struct.pack(">I", zlib.crc32(chunk))
        (tmp_path / "a.png").write_bytes(data + struct.pack(">I", 0) + b"IDAT\x35\xaf\x06\x1e")
        with pytest.raises(LabError, match=r"a\.png is (damaged|a decompression bomb|too large)"):
            read_images(tmp_path)


@pytest.mark.parametrize("kind", ["folder", "array"])
def test_images_are_read_in_an_order_that_their_names_do_not_decide(
    kind: str, tmp_path: Path
) -> None:
    images = torch.arange(60, dtype=torch.uint8)[:, None, None, None].expand(60, 1, 2, 2)
    path = tmp_path
    if kind == "folder":
        for index, image in enumerate(images):
            save_png(image, tmp_path / f"{index:02d}.png")
    else:
        path = tmp_path / "x.npz"
        np.savez(path, images.numpy())
    whole = read_images(path)[:, 0, 0, 0].tolist()
    assert sorted(whole) == list(range(60))
    assert whole != sorted(whole)
    some = read_images(path, 20, seed=0)[:, 0, 0, 0].tolist()
    assert some == whole[:20]
    assert max(some) > 40
    assert read_images(path, 20, seed=1)[:, 0, 0, 0].tolist() != some
