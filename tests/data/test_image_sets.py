"""Fashion-MNIST, stacked MNIST, CIFAR-10 and folders of images."""

import gzip
import pickle
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan_lab.data import (
    CIFAR10DataModule,
    FashionMNISTDataModule,
    ImageFolderDataModule,
    MNISTDataModule,
    StackedMNISTDataModule,
)
from gan_lab.data import fashion_mnist as fashion
from gan_lab.data.image_folder import read_batches, read_image
from gan_lab.data.mnist import write_idx
from gan_lab.errors import LabError
from gan_lab.media.fitting import cover


def offline(*_: object, **__: object) -> None:
    raise URLError("no route to host")


def test_stacked_digits_are_mnists_and_their_label_is_the_number(mnist_root: Path) -> None:
    data = StackedMNISTDataModule(mnist_root, size=600)
    images, labels = data.load(train=False)
    assert images.shape == (100, 3, 28, 28)
    assert images.dtype == torch.uint8
    digits = MNISTDataModule(mnist_root).load(train=False)
    known = {image.numpy().tobytes(): int(label) for image, label in zip(*digits, strict=True)}
    for image, label in zip(images, labels.tolist(), strict=True):
        read = [known[channel.numpy().tobytes()] for channel in image]
        assert read == [label // 100, label // 10 % 10, label % 10]
    assert torch.equal(data.load(train=False).labels, labels)
    other = StackedMNISTDataModule(mnist_root, size=600, seed=1)
    assert not torch.equal(other.load(train=False).labels, labels)


def test_stacked_digits_cover_their_thousand_modes(mnist_root: Path) -> None:
    data = StackedMNISTDataModule(mnist_root, size=12_000)
    labels = data.load(train=True).labels
    assert len(labels) == 12_000
    assert len(labels.unique()) > 990
    padded = StackedMNISTDataModule(mnist_root, size=60, sample_shape=(3, 32, 32))
    assert padded.load(train=False).images.shape == (10, 3, 32, 32)
    with pytest.raises(ValueError, match="size must be at least 6"):
        StackedMNISTDataModule(mnist_root, size=5)
    with pytest.raises(ValueError, match=r"sample_shape must be \[3, 28, 28\]"):
        StackedMNISTDataModule(mnist_root, sample_shape=(1, 28, 28))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder laid out as the Debian package's, with small files of known digests."""
    from gan_lab.data.files import sha256

    folder = tmp_path / "package"
    folder.mkdir()
    digests = {}
    random = np.random.default_rng(0)
    for name in fashion.DIGESTS:
        shape = (20, 28, 28) if "images" in name else (20,)
        write_idx(tmp_path / name, random.integers(0, 10, shape, dtype=np.uint8))
        digests[name] = sha256(tmp_path / name)
        (folder / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    monkeypatch.setattr(fashion, "INSTALLED", folder)
    monkeypatch.setattr(fashion, "DIGESTS", digests)
    monkeypatch.setattr(FashionMNISTDataModule, "digests", digests)
    return folder


def test_fashion_mnist_is_taken_from_an_installed_package(package: Path, tmp_path: Path) -> None:
    data = FashionMNISTDataModule(tmp_path / "root", batch_size=5)
    data.prepare_data()
    data.setup()
    assert data.train.images.shape == (20, 1, 28, 28)
    assert (tmp_path / "root" / "FashionMNIST" / "raw" / "t10k-labels-idx1-ubyte").exists()


def test_a_damaged_package_is_named(package: Path, tmp_path: Path) -> None:
    damaged = package / "train-images-idx3-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:-50])
    with pytest.raises(LabError, match=r"train-images-idx3-ubyte.gz is damaged"):
        FashionMNISTDataModule(tmp_path / "root").prepare_data()
    damaged.write_bytes(gzip.compress(b"something else"))
    with pytest.raises(LabError, match="damaged or altered"):
        FashionMNISTDataModule(tmp_path / "root").prepare_data()


def test_fashion_mnist_offline_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fashion, "INSTALLED", tmp_path / "absent")
    monkeypatch.setattr(fashion, "FashionMNIST", offline)
    with pytest.raises(LabError, match="install Debian's package dataset-fashion-mnist") as error:
        FashionMNISTDataModule(tmp_path).prepare_data()
    assert "\n" not in str(error.value)


def test_cifar10_offline_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_lab.data.cifar10.CIFAR10", offline)
    with pytest.raises(LabError, match="CIFAR-10 is not in .* no route to host.* data=mnist"):
        CIFAR10DataModule(tmp_path).prepare_data()


def test_damaged_cifar10_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in ("data_batch_1", "test_batch", "batches.meta"):
        (folder / name).write_bytes(pickle.dumps({}))
    data = CIFAR10DataModule(tmp_path, download=False)
    with pytest.raises(LabError, match="CIFAR-10 is not in"):
        data.prepare_data()
    with pytest.raises(LabError, match="absent or damaged; delete"):
        data.load(train=True)


def test_cifar10_splits_are_channels_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Small:
        base_folder = "cifar-10-batches-py"

        def __init__(self, root: Path, train: bool = True, download: bool = False) -> None:
            count = 30 if train else 10
            self.data = np.arange(count * 32 * 32 * 3, dtype=np.uint8).reshape(count, 32, 32, 3)
            self.targets = [index % 10 for index in range(count)]

    monkeypatch.setattr("gan_lab.data.cifar10.CIFAR10", Small)
    data = CIFAR10DataModule(tmp_path, batch_size=8)
    data.prepare_data()
    data.setup()
    assert data.train.images.shape == (30, 3, 32, 32)
    assert data.train.images[0, :, 0, 0].tolist() == [0, 1, 2]
    assert data.test.labels.tolist() == list(range(10))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of 20 images of two classes, wider than high."""
    for label, name in enumerate(("cats", "dogs")):
        (tmp_path / name).mkdir()
        for index in range(10):
            grey = [40 * label + index] * 3
            Image.new("RGB", (30, 20), tuple(grey)).save(tmp_path / name / f"{index}.png")
    (tmp_path / "notes.txt").write_text("not an image")
    return tmp_path


@pytest.mark.parametrize("channels", [1, 3])
def test_a_folder_is_resized_cropped_and_labelled(folder: Path, channels: int) -> None:
    data = ImageFolderDataModule(folder, sample_shape=(channels, 8, 8), batch_size=4)
    data.prepare_data()
    data.setup()
    assert data.train.images.shape == (18, channels, 8, 8)
    assert data.test.images.shape == (2, channels, 8, 8)
    assert data.train.labels.tolist() == [0] * 9 + [1] * 9
    assert data.train.images[:, 0, 0, 0].tolist() == [*range(9), *range(40, 49)]


def test_images_are_read_where_nobody_knows_how_many_processors_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: None)
    batches = list(
        read_batches([Path(f"{n}") for n in range(5)], lambda p: torch.ones(int(p.name)).sum(), 2)
    )
    assert torch.cat(batches).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("size", [(30, 20), (20, 30), (17, 91), (8, 8), (5, 7)])
def test_squares_are_cut_as_they_ever_were(size: tuple[int, int], tmp_path: Path) -> None:
    from torchvision.transforms.v2.functional import center_crop, pil_to_tensor, resize

    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    image.save(tmp_path / "image.png")
    former = center_crop(resize(pil_to_tensor(image), [9], antialias=True), [9, 9])
    assert torch.equal(read_image(tmp_path / "image.png", (3, 9, 9)), former)


@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    wanted=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_a_resized_image_just_covers_what_is_cut_out(
    height: int, width: int, wanted: tuple[int, int]
) -> None:
    covering = cover((height, width), wanted)
    assert covering[0] >= wanted[0]
    assert covering[1] >= wanted[1]
    assert covering[0] == wanted[0] or covering[1] == wanted[1]
    scale = max(wanted[0] / height, wanted[1] / width)
    assert covering == pytest.approx([scale * height, scale * width], abs=1)


@pytest.mark.parametrize("shape", [(1, 6, 12), (3, 12, 6), (3, 5, 5)])
def test_a_folder_of_mixed_sizes_takes_any_aspect(
    shape: tuple[int, int, int], tmp_path: Path
) -> None:
    """A bright middle of a dark image is in the middle of what is cut out."""
    for index in range(10):
        width, height = 20 + 3 * index, 47 - 2 * index
        pixels = np.zeros((height, width, 3), dtype=np.uint8)
        pixels[height // 2 - 3 : height // 2 + 3, width // 2 - 3 : width // 2 + 3] = 200
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
    data = ImageFolderDataModule(tmp_path, sample_shape=shape, batch_size=3)
    data.prepare_data()
    data.setup()
    images = data.train.images[:]
    assert images.shape == (9, *shape)
    assert data.medium.shape == shape
    brightest = images.float().mean((0, 1))
    assert brightest[shape[1] // 2, shape[2] // 2] > 100
    assert brightest[0, 0] < 20


def test_a_damaged_image_is_named(folder: Path) -> None:
    (folder / "cats" / "3.png").write_bytes(b"\x89PNG no more")
    with pytest.raises(LabError, match=r"cats/3.png is damaged or no image") as error:
        ImageFolderDataModule(folder, sample_shape=(3, 8, 8)).load(train=True)
    assert "\n" not in str(error.value)


def test_folders_that_will_not_do_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="is no folder"):
        ImageFolderDataModule(tmp_path / "absent").prepare_data()
    with pytest.raises(LabError, match="holds 0 images"):
        ImageFolderDataModule(tmp_path).prepare_data()
    with pytest.raises(ValueError, match="sample_shape must be"):
        ImageFolderDataModule(tmp_path, sample_shape=(2, 8, 8))


def test_torchvisions_download_is_looked_for_where_it_puts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, bool]] = []
    monkeypatch.setattr(
        fashion, "FashionMNIST", lambda root, download: asked.append((root, download))
    )
    folder = FashionMNISTDataModule(tmp_path).fetch_official(tmp_path)
    assert asked == [(tmp_path, True)]
    assert folder == tmp_path / "FashionMNIST" / "raw"


def test_stacked_digits_ask_for_the_bytes_that_they_take(
    mnist_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(
        "gan_lab.data.stacked_mnist.require_memory", lambda _, count: asked.append(count)
    )
    images = StackedMNISTDataModule(mnist_root, size=60).load(train=False).images
    assert asked == [images.numel()]
