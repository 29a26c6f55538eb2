"""Tensors in a file: read as from memory, written whole or not at all."""

import hashlib
import pickle
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from gan_lab.data import MappedTensor, write_mapped
from gan_lab.data.mapping import mapped
from gan_lab.errors import LabError
from tests.children import children

SHAPE = (3, 4, 5)


def images(count: int = 30) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, *SHAPE), dtype=torch.uint8, generator=random)


@pytest.fixture
def stored(tmp_path: Path) -> MappedTensor:
    return write_mapped(tmp_path / "set.npy", images().split(7), SHAPE, 30)


def test_rows_are_read_as_a_tensor_gives_them(stored: MappedTensor) -> None:
    whole = images()
    assert (len(stored), stored.shape, stored.dtype) == (30, whole.shape, whole.dtype)
    for index in (torch.tensor([3, 4, 5, 29, 0, 0, -1]), torch.arange(30) % 3 == 0):
        assert torch.equal(stored[index], whole[index])
    for part in (slice(5), slice(0), slice(4, 20, 3), slice(-3, None), slice(9, 2)):
        assert torch.equal(stored[part], whole[part])
    assert torch.equal(stored[-2], whole[-2])
    assert torch.equal(torch.cat(list(stored.batches(8))), whole)
    assert [len(batch) for batch in stored.batches(8)] == [8, 8, 8, 6]
    assert torch.equal(torch.stack(list(stored)), whole)
    assert stored.to(torch.device("meta")) is stored
    with pytest.raises(IndexError, match="out of range"):
        stored[torch.tensor([30])]


def test_a_view_reads_the_rows_it_names(stored: MappedTensor) -> None:
    order = torch.tensor([7, 1, 20, 21])
    view = stored.select(order)
    assert view.shape == (4, *SHAPE)
    assert torch.equal(view[:], images()[order])
    assert torch.equal(view.select(torch.tensor([2, 0]))[:], images()[[20, 7]])
    assert torch.equal(pickle.loads(pickle.dumps(view))[:], view[:])


def test_the_digest_is_that_of_the_bytes_and_a_views_of_its_rows(
    stored: MappedTensor, tmp_path: Path
) -> None:
    assert stored.digest == hashlib.sha256(images().numpy().tobytes()).hexdigest()
    again = write_mapped(tmp_path / "again.npy", [images()], SHAPE, 30)
    other = write_mapped(tmp_path / "other.npy", [images().flip(0)], SHAPE, 30)
    assert again.digest == stored.digest != other.digest
    first, second = (stored.select(torch.tensor(rows)) for rows in ([0, 1], [1, 0]))
    assert len({stored.digest, first.digest, second.digest}) == 3


def test_numpy_reads_the_file(stored: MappedTensor) -> None:
    assert np.array_equal(np.load(stored.path, mmap_mode="r"), images().numpy())


@pytest.mark.parametrize(
    ("batches", "sentence"),
    [
        ([images(29)], "30 samples were promised, 29 came"),
        ([images().float()], "samples must be uint8, got float32"),
        ([images().flatten(2)], r"samples must be \[3, 4, 5\], got \[3, 20\]"),
    ],
)
def test_samples_that_are_not_as_promised_leave_no_file(
    batches: list[Tensor], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=sentence):
        write_mapped(tmp_path / "set.npy", batches, SHAPE, 30)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_whole_is_refused_in_one_line(stored: MappedTensor) -> None:
    content = stored.path.read_bytes()
    for broken in (content[:-40], content[:50], b"", content + b"more"):
        stored.path.write_bytes(broken)
        with pytest.raises(LabError, match=r"set.npy is no") as error:
            MappedTensor(stored.path)
        assert "\n" not in str(error.value)
    with pytest.raises(LabError, match=r"absent.npy is no array of samples"):
        MappedTensor(stored.path.with_name("absent.npy"))


def build(path: Path) -> None:
    def batches() -> Iterator[Tensor]:
        yield torch.zeros(10, 3, 4, 5, dtype=torch.uint8)
        path.with_name("begun").touch()
        time.sleep(60)

    mapped(path, batches(), (3, 4, 5), 30)


def test_a_killed_build_leaves_nothing_that_is_taken_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "set.npy"
    process = children().Process(target=build, args=(path,))
    process.start()
    while not path.with_name("begun").exists():
        assert process.is_alive()
        time.sleep(0.01)
    process.kill()
    process.join()
    assert not path.exists()
    assert list(tmp_path.glob("*.part"))
    assert torch.equal(mapped(path, images().split(9), SHAPE, 30)[:], images())
    assert not list(tmp_path.glob("*.part"))


def test_what_is_there_is_not_made_again(stored: MappedTensor) -> None:
    def never() -> Iterator[Tensor]:
        raise AssertionError
        yield

    assert torch.equal(mapped(stored.path, never(), SHAPE, 30)[:], images())
