"""Data files on bad days: pipes, bombs, sixteen bits, killed downloads, folders to read only."""

import os
import socket
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from PIL import Image
from torchvision.datasets import CIFAR10

from gan_lab.data import (
    CIFAR10DataModule,
    ImageFolderDataModule,
    MNISTDataModule,
    StackedMNISTDataModule,
)
from gan_lab.data.files import UNDER_WAY, data_root, remove_leftovers, under_way
from gan_lab.data.image_folder import read_image
from gan_lab.data.mnist import DIGESTS, verify
from gan_lab.errors import LabError
from gan_lab.media.files import read_images, save_png


def bomb(path: Path, width: int, height: int) -> None:
    """Write a small PNG file that is a large grey image."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b""))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in range(10):
        Image.new("L", (9, 9), 20 * index).save(tmp_path / f"{index}.png")
    return tmp_path


def make_special(path: Path, kind: str) -> None:
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        server = socket.socket(socket.AF_UNIX)
        directory = os.open(path.parent, os.O_RDONLY)  # whose full name may be too long for one
        server.bind(f"/proc/self/fd/{directory}/{path.name}")
        server.close()
        os.close(directory)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "dangling":
        path.symlink_to(path.parent / "absent")
    elif kind == "huge":
        bomb(path, 100_000, 100_000)
    elif kind == "large":
        bomb(path, 10_000, 10_000)
    elif kind == "long":
        Image.new("L", (20_000_000, 1)).save(path)


SPECIAL = {
    "pipe": "is no regular file",
    "socket": "is no regular file",
    "device": "is no regular file",
    "dangling": "cannot be read: No such file",
    "huge": "is a decompression bomb",
    "large": "is a decompression bomb|is too large",
}


@pytest.mark.parametrize("share", [0.25, 0.0], ids=["in memory", "in a file"])
@pytest.mark.parametrize("kind", SPECIAL)
def test_what_cannot_be_read_is_named(folder: Path, kind: str, share: float) -> None:
    make_special(folder / "3.png", kind)
    data = ImageFolderDataModule(folder, sample_shape=(1, 8, 8), memory_share=share)
    with pytest.raises(LabError, match=f"3.png ({SPECIAL[kind]})") as error:
        data.setup()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_cannot_be_measured_is_named(folder: Path, kind: str) -> None:
    make_special(folder / "3.png", kind)
    with pytest.raises(LabError, match=f"3.png ({SPECIAL[kind]})"):
        read_images(folder)


def test_a_line_of_pixels_is_not_blown_up(folder: Path) -> None:
    make_special(folder / "3.png", "long")
    with pytest.raises(LabError, match="3.png is too large: 160000000 × 8 pixels"):
        read_image(folder / "3.png", (1, 8, 8))


def test_folders_with_an_images_name_are_folders(folder: Path) -> None:
    (folder / "a.png").mkdir()
    Image.new("L", (9, 9)).save(folder / "a.png" / "b.png")
    assert len(ImageFolderDataModule(folder, sample_shape=(1, 8, 8)).files()) == 11


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_scaled_to_eight(tmp_path: Path, channels: int) -> None:
    fine = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257
    Image.fromarray(fine).save(tmp_path / "fine.png")
    Image.fromarray((fine // 257).astype(np.uint8)).save(tmp_path / "coarse.png")
    read = [read_image(tmp_path / f"{name}.png", (channels, 16, 16)) for name in ("fine", "coarse")]
    assert torch.equal(*read)
    assert read[0].unique().numel() == 256
    assert torch.equal(*read_images(tmp_path))


@pytest.mark.parametrize("kind", ["empty", "text", "encrypted", "pickled", "promising", "bomb"])
def test_an_archive_that_is_no_array_of_images_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / "samples.npz"
    images: Any = np.zeros((3, 4, 4), dtype=np.uint8)
    if kind == "pickled":
        images = np.array([{}], dtype=object)
    np.savez_compressed(path, images)
    if kind == "empty":
        np.savez(path)
    elif kind == "text":
        path.write_text("no archive")
    elif kind == "encrypted":
        content = bytearray(path.read_bytes())
        for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            content[content.index(mark) + place] |= 1
        path.write_bytes(content)
    elif kind == "promising":
        with zipfile.ZipFile(path, "w") as archive, archive.open("arr_0.npy", "w") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": (10**13, 4, 4)}
            np.lib.format.write_array_header_1_0(file, header)
    elif kind == "bomb":
        monkeypatch.setattr("gan_lab.media.files.LARGE", 10**5)
        np.savez_compressed(path, np.zeros((3, 400, 400), dtype=np.uint8))
    with pytest.raises(LabError, match="samples.npz") as error:
        read_images(path)
    assert {"promising": "header promises", "bomb": "bomb"}.get(kind, "no .npz") in str(error.value)


def test_a_picture_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grid.png"
    save_png(torch.zeros(1, 4, 4, dtype=torch.uint8), path)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("PIL.Image.Image.save", full)
    with pytest.raises(LabError, match="cannot write .*grid.png: No space left on device"):
        save_png(torch.ones(1, 4, 4, dtype=torch.uint8), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_in_the_place_of_mnist_is_named(tmp_path: Path) -> None:
    path = tmp_path / next(iter(DIGESTS))
    os.mkfifo(path)
    with pytest.raises(LabError, match="is no regular file"):
        verify(path)


def test_what_a_killed_download_left_goes_at_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / UNDER_WAY / "mnist.whl"
    left.parent.mkdir()
    left.write_text("half")
    with under_way(tmp_path) as temporary:
        assert temporary == left.parent and not left.exists()
        (temporary / "new").write_text("whole")
    assert not temporary.exists()
    left.parent.mkdir()
    with FileLock(tmp_path / ".lock"):  # another process is at it
        remove_leftovers(tmp_path, tmp_path / ".lock")
    assert left.parent.exists()
    remove_leftovers(tmp_path, tmp_path / ".lock")
    assert not left.parent.exists()


def test_mnist_that_is_there_is_swept(tmp_path: Path) -> None:
    data = MNISTDataModule(tmp_path)
    (data.folder / UNDER_WAY / "MNIST").mkdir(parents=True)
    for name in DIGESTS:
        (data.folder / name).touch()
    data.prepare_data()
    assert not (data.folder / UNDER_WAY).exists()


def test_cifar10_in_a_folder_to_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(CIFAR10, "__init__", lambda *_, **__: None)  # whole
    monkeypatch.setattr(Path, "mkdir", refused)
    monkeypatch.setattr("gan_lab.data.cifar10.FileLock", refused)
    CIFAR10DataModule(tmp_path / "data").prepare_data()


@pytest.mark.parametrize("root", ["", " "])
def test_an_empty_root_is_not_this_folder(root: str) -> None:
    for module in (CIFAR10DataModule, ImageFolderDataModule, MNISTDataModule):
        with pytest.raises(ValueError, match="root must name a folder, got nothing"):
            module(root)
    assert data_root("~/x") == Path.home() / "x"


@pytest.mark.parametrize("shape", [(1, 28.0, 28), (1, 28, "28"), (1, -28, -28), (1, True, 28)])
def test_a_shape_of_anything_but_whole_numbers_is_refused(shape: Any) -> None:
    for module in (MNISTDataModule, ImageFolderDataModule):
        with pytest.raises(ValueError, match="sample_shape must hold positive whole numbers"):
            module("data", sample_shape=shape)


def test_sizes_beyond_the_memory_are_refused(folder: Path, mnist_root: Path) -> None:
    for data in (
        MNISTDataModule(mnist_root, sample_shape=(1, 10**6, 10**6)),
        StackedMNISTDataModule(mnist_root, size=10**10),
        ImageFolderDataModule(folder, sample_shape=(1, 10**6, 10**6)),
    ):
        with pytest.raises(LabError, match="asks for .* GiB of memory"):
            data.load(train=True)
