"""Sets beyond the memory: the same batches from a file, kept under the name of its content."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Picture
from torch import Tensor

from gan_lab.data import (
    BatchLoader,
    ImageFolderDataModule,
    InMemoryDataModule,
    MappedTensor,
    MNISTDataModule,
    RingDataModule,
)
from gan_lab.data import mapping as mapping_module
from gan_lab.data.mapping import cache_folder
from gan_lab.errors import LabError

ROOT = Path(__file__).parents[2]


def steps(data: InMemoryDataModule, count: int, stop: int | None = None) -> list[Tensor]:
    """Return the joint samples and labels of some steps, interrupted and resumed at ``stop``."""
    found: list[Tensor] = []
    loader = BatchLoader(
        data.train.images, data.train.labels, data.batch_size, 2, data.medium, data.seed
    )
    while len(found) < count:
        for step in loader:
            parts = [torch.cat([m["x"].flatten(), m["label"].double()]) for m in step]
            found.append(torch.cat(parts))
            if len(found) in {stop, count}:
                break
        if len(found) == stop:
            state = loader.state_dict()
            loader = BatchLoader(
                data.train.images, data.train.labels, data.batch_size, 2, data.medium, data.seed
            )
            loader.load_state_dict(state)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of 40 images of two classes and of several sizes."""
    random = np.random.default_rng(0)
    for index in range(40):
        place = tmp_path / "pictures" / str(index % 2)
        place.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (20 + index, 30, 3), dtype=np.uint8)
        Picture.fromarray(pixels).save(place / f"{index}.png")
    return tmp_path / "pictures"


@pytest.mark.parametrize("validation_size", [0, 5])
def test_a_folder_gives_the_same_batches_from_memory_and_from_its_file(
    folder: Path, validation_size: int
) -> None:
    options = {
        "sample_shape": (3, 8, 12),
        "batch_size": 3,
        "seed": 5,
        "validation_size": validation_size,
    }
    memory = ImageFolderDataModule(folder, memory_share=1.0, **options)
    file = ImageFolderDataModule(folder, memory_share=0.0, **options)
    for data in (memory, file):
        data.prepare_data()
        data.setup()
    assert isinstance(memory.train.images, Tensor)
    assert isinstance(file.train.images, MappedTensor)
    for which in ("train", "validation", "test"):
        one, two = getattr(memory, which), getattr(file, which)
        assert torch.equal(one.images[:], two.images[:])
        assert torch.equal(one.labels, two.labels)
    whole = steps(memory, 14)
    for stop in (None, 0, 3, 6, 9):
        found = steps(file, 14, stop)
        assert all(torch.equal(a, b) for a, b in zip(whole, found, strict=True))
    one_batch, other = (next(iter(data.train_dataloader()))[0] for data in (memory, file))
    assert all(torch.equal(one_batch[name], other[name]) for name in ("x", "label"))


def test_any_image_set_can_be_kept_in_a_file(
    mnist_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan_lab.data.base.cache_folder", lambda _: tmp_path)
    memory = MNISTDataModule(mnist_root)
    file = MNISTDataModule(mnist_root, memory_share=0.0)
    for data in (memory, file):
        data.setup()
    assert isinstance(file.train.images, MappedTensor)
    assert torch.equal(file.train.images[:], memory.train.images[:])
    assert all(torch.equal(*pair) for pair in zip(steps(memory, 3), steps(file, 3), strict=True))


def test_points_stay_in_memory() -> None:
    data = RingDataModule(train_size=40, test_size=1, batch_size=4, memory_share=0.0)
    data.setup()
    assert isinstance(data.train.images, Tensor)


def test_what_exceeds_its_share_of_the_memory_goes_to_a_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 40 * 3 * 8 * 8
    for available, kind in ((4 * size, Tensor), (4 * size - 4, MappedTensor)):
        monkeypatch.setattr("gan_lab.data.base.available_memory", lambda found=available: found)
        data = ImageFolderDataModule(folder, sample_shape=(3, 8, 8), batch_size=3)
        data.setup()
        assert isinstance(data.train.images, kind)
    monkeypatch.undo()
    assert 2**20 < mapping_module.available_memory() < 2**50


def test_the_file_is_named_by_its_content(folder: Path) -> None:
    def names() -> set[str]:
        return {path.name for path in (folder / ".gan_lab").glob("*.npy")}

    def setup(shape: tuple[int, int, int] = (3, 8, 8)) -> ImageFolderDataModule:
        data = ImageFolderDataModule(folder, sample_shape=shape, batch_size=3, memory_share=0.0)
        data.setup()
        return data

    setup()
    first = names()
    assert len(first) == 2  # the splits
    setup()
    assert names() == first
    changed = folder / "0" / "0.png"
    Picture.new("RGB", (30, 20), (9, 9, 9)).save(changed)
    data = setup()
    assert len(names() - first) == 1  # the other split has not changed
    assert (data.train.images[0] == 9).all()
    second = names()
    os.utime(changed, (1, 1))
    setup()
    third = names()
    assert len(third - second) == 1
    changed.rename(folder / "0" / "00.png")
    setup()
    fourth = names()
    assert len(fourth - third) >= 1
    setup((1, 8, 8))
    assert len(names() - fourth) == 2


def test_a_folder_that_cannot_be_written_leaves_the_file_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAN_LAB_DATA", str(tmp_path / "elsewhere"))
    (tmp_path / "root").mkdir()
    assert cache_folder(tmp_path / "root") == tmp_path / "root" / ".gan_lab"
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / ".gan_lab").write_text("in the way")
    assert cache_folder(tmp_path / "blocked") == tmp_path / "elsewhere" / ".gan_lab"
    monkeypatch.setenv("GAN_LAB_DATA", str(tmp_path / "blocked"))
    with pytest.raises(LabError, match="set GAN_LAB_DATA to a folder") as error:
        cache_folder(tmp_path / "blocked")
    assert "\n" not in str(error.value)


def test_a_damaged_image_is_named_and_leaves_no_file(folder: Path) -> None:
    (folder / "1" / "3.png").write_bytes(b"\x89PNG no more")
    data = ImageFolderDataModule(folder, sample_shape=(3, 8, 8), memory_share=0.0)
    with pytest.raises(LabError, match=r"3.png is damaged or no image"):
        data.setup()
    assert not list((folder / ".gan_lab").glob("*.npy*"))


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=f"memory_share must be between 0 and 1, got {share}"):
        RingDataModule(memory_share=share)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_training_over_five_gigabytes_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.npy"
    count = 5 * 10**9 // (3 * 32 * 32) + 1

    def run(what: str, number: int) -> tuple[float, float]:
        command = [sys.executable, "-m", "tests.data.train_mapped", what, str(path), str(number)]
        made = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        peak, seconds = made.stdout.split()
        return float(peak), float(seconds)

    began = time.perf_counter()
    making, _ = run("make", count)
    print(f"made in {time.perf_counter() - began:.0f} s, at most {making / 1e9:.2f} GB")
    assert path.stat().st_size > 5e9
    peak, seconds = run("train", 2000)
    assert making < 1.5e9
    assert peak < 1.5e9
    from tests.data.train_mapped import train

    file = MappedTensor(path)
    kept = [(train(file, 100), train(file[:100_000], 100)) for _ in range(4)][1:]
    ratio = min(one for one, _ in kept) / min(other for _, other in kept)
    print(f"trained at {peak / 1e9:.2f} GB, {seconds * 1e3:.1f} ms a step, {ratio:.3f} × memory's")
    path.unlink()
