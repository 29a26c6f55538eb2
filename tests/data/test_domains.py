"""Data sets of two domains: no pair leaks into training, and resume is exact."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from gan_lab.contracts import Sample
from gan_lab.data import (
    BatchLoader,
    Domains,
    DomainsDataModule,
    MNISTDigitsDataModule,
    MNISTMDataModule,
    MNISTViewsDataModule,
    PairedFolderDataModule,
    UnpairedFolderDataModule,
    UnpairedLoader,
)
from gan_lab.data.digits import edges, small_digits
from gan_lab.errors import LabError


class Numbered(DomainsDataModule):
    """Row i of both domains shows i, and 100 + i in the second."""

    def load(self, train: bool) -> Domains:
        numbers = torch.arange(30 if train else 10, dtype=torch.uint8)[:, None, None, None]
        first, second = self.keys
        labels = numbers.flatten().long()
        columns = {first: numbers.clone(), second: numbers + 100}
        return Domains(columns, {first: labels, second: labels})


def numbered(**options: object) -> Numbered:
    data = Numbered((1, 1, 1), batch_size=4, **options)  # type: ignore[arg-type]
    data.medium_class = Stored  # type: ignore[assignment, misc]
    data.setup()
    return data


class Stored:
    """A medium of tests: numbers stay what they are."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def to_float(self, raw: Tensor) -> Tensor:
        return raw.float()


def values(batch: Sample, key: str) -> list[int]:
    return batch[key].flatten().long().tolist()


def epochs(data: DomainsDataModule, steps: int) -> Iterator[Sample]:
    loader = data.train_dataloader()

    def endless() -> Iterator[Sample]:
        while True:
            for (batch,) in loader:
                yield batch

    return islice(endless(), steps)


def test_pairs_stay_together_in_every_minibatch() -> None:
    for batch in epochs(numbered(arrangement="pairs"), 20):
        assert set(batch) == {"source", "x", "label"}
        assert values(batch, "x") == [100 + i for i in values(batch, "source")]
        assert values(batch, "label") == values(batch, "source")


@pytest.mark.parametrize("arrangement", ["unpaired", "adaptation"])
def test_no_pair_leaks_into_unpaired_training(arrangement: str) -> None:
    data = numbered(arrangement=arrangement, validation_size=4)
    first, second = data.keys
    seen: dict[str, set[int]] = {first: set(), second: set()}
    for batch in epochs(data, 40):
        assert set(batch) == {first, second} | ({"label"} if arrangement == "adaptation" else set())
        for key in seen:
            seen[key] |= set(values(batch, key))
        if "label" in batch:
            assert values(batch, "label") == values(batch, "source")
    others = {i - 100 for i in seen[second]}
    assert not seen[first] & others
    assert len(seen[first]) == len(others) == 13
    held = data.validation
    assert isinstance(held, Domains)
    left = held.columns[first][:].flatten().tolist()
    assert held.columns[second][:].flatten().tolist() == [100 + i for i in left]
    assert not set(left) & (seen[first] | others)
    test = data.test
    assert isinstance(test, Domains)
    assert torch.equal(test.columns[first][:] + 100, test.images[:])


def test_two_domains_are_shuffled_apart() -> None:
    orders = [(values(b, "a"), values(b, "b")) for b in epochs(numbered(), 3)]
    assert any(a != [i - 115 for i in b] for a, b in orders)


def shaped(sizes: tuple[int, int], minibatches: int) -> UnpairedLoader:
    loaders = {
        name: BatchLoader(
            torch.arange(size)[:, None].float(), torch.arange(size), 2, minibatches, seed=seed
        )
        for seed, (name, size) in enumerate(zip("ab", sizes, strict=True))
    }
    return UnpairedLoader(loaders, "a")


@pytest.mark.parametrize("sizes", [(30, 13), (13, 30), (12, 12)])
@pytest.mark.parametrize("stop", [0, 1, 4, 7, 8, 16])
def test_an_unpaired_loader_goes_on_where_it_stood(sizes: tuple[int, int], stop: int) -> None:
    def stream(loader: UnpairedLoader, count: int) -> list[list[Sample]]:
        found: list[list[Sample]] = []
        while len(found) < count:
            for step in loader:
                found.append(step)
                if len(found) == count:
                    break
        return found

    whole = stream(shaped(sizes, 2), 20)
    first = shaped(sizes, 2)
    beginning = stream(first, stop)
    second = shaped(sizes, 2)
    second.load_state_dict(first.state_dict())
    for step, other in zip(whole, beginning + stream(second, 20 - stop), strict=True):
        assert len(step) == 2
        for one, two in zip(step, other, strict=True):
            assert all(torch.equal(one[key], two[key]) for key in ("a", "b", "label"))
            assert torch.equal(one["label"], one["a"].flatten().long())


def test_each_set_is_gone_through_before_it_comes_again() -> None:
    loader = shaped((12, 6), 1)
    shown: dict[str, list[int]] = {"a": [], "b": []}
    for _ in range(2):
        for (batch,) in loader:
            for key in shown:
                shown[key] += values(batch, key)
    assert len(loader) == 6
    for key, size in (("a", 12), ("b", 6)):
        turns = [sorted(shown[key][i : i + size]) for i in range(0, len(shown[key]), size)]
        assert turns == [list(range(size))] * (24 // size)
    with pytest.raises(ValueError, match="labelled must be one of a, b"):
        UnpairedLoader(loader.loaders, "c")


def test_sizes_and_arrangements_are_refused() -> None:
    with pytest.raises(ValueError, match="arrangement must be one of pairs, unpaired, adaptation"):
        Numbered((1, 1, 1), arrangement="mixed")  # type: ignore[arg-type]
    with pytest.raises(LabError, match="must be below half of the 30"):
        numbered(validation_size=15)
    small = Numbered((1, 1, 1), batch_size=16)
    small.setup()
    with pytest.raises(LabError, match="larger than the training set of 15"):
        small.train_dataloader()


def test_edges_surround_a_stroke_and_flat_images_have_none() -> None:
    digit = torch.zeros(1, 1, 5, 5, dtype=torch.uint8)
    digit[..., 2, 2] = 200
    ring = edges(digit)
    assert ring[..., 2, 2] == 0 and int(ring.sum()) == 8 * 200
    assert not edges(torch.full((1, 1, 5, 5), 90, dtype=torch.uint8)).any()


def test_views_are_of_mnists_digits(mnist_root: Path) -> None:
    data = MNISTViewsDataModule(mnist_root, view="negative", arrangement="pairs", batch_size=8)
    data.prepare_data()
    split = data.load(train=False)
    assert torch.equal(split.columns["source"][:], 255 - split.images[:])
    assert split.images.shape == (10_000, 1, 28, 28)
    assert split.labels[:3].tolist() == [7, 2, 1]
    with pytest.raises(ValueError, match="view must be one of edges, negative"):
        MNISTViewsDataModule(mnist_root, view="sketch")  # type: ignore[arg-type]


def test_a_blended_digit_is_its_distance_from_a_photograph(mnist_root: Path) -> None:
    data = MNISTMDataModule(mnist_root, batch_size=8)
    split = data.load(train=False)
    assert split.columns["source"].shape == (10_000, 3, 28, 28) == split.images.shape
    digits, blend = split.columns["source"][:300], split.images[:300]
    ink = digits == 255  # where a photograph is seen inverted, and as it is where there is none
    seen = torch.cat([blend[digits == 0], 255 - blend[ink]]).float()
    assert float(seen.std()) > 20 and abs(float(blend[ink].float().mean()) - 128) > 20
    assert abs(float((255 - blend[ink].float()).mean() - blend[digits == 0].float().mean())) < 20
    assert torch.equal(data.load(train=False).images[:300], blend)
    assert torch.equal(split.labels, split.classes["source"])
    with pytest.raises(ValueError, match=r"sample_shape must be \[3, 28, 28\]"):
        MNISTMDataModule(mnist_root, sample_shape=(1, 28, 28))


def test_small_digits_are_held_out_by_fifths(mnist_root: Path) -> None:
    data = MNISTDigitsDataModule(mnist_root, arrangement="adaptation", batch_size=8)
    data.prepare_data()
    data.setup()
    train, test = data.train, data.test
    assert isinstance(train, Domains) and isinstance(test, Domains)
    assert (len(train.images), len(test.images)) == (1438, 359)
    assert len(train.columns["source"]) == 60_000
    _, labels = small_digits()
    assert torch.equal(test.labels, labels[4::5])
    assert not test.images[:][..., :4, :].any() and test.images[:].max() > 250
    with pytest.raises(ValueError, match="has no pairs; use arrangement=unpaired"):
        MNISTDigitsDataModule(mnist_root, arrangement="pairs")


def paint(path: Path, *halves: int, size: tuple[int, int] = (6, 4)) -> None:
    """Write an image of grey halves side by side, each of a (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (size[0] * len(halves), size[1]))
    for index, grey in enumerate(halves):
        image.paste((grey,) * 3, (size[0] * index, 0, size[0] * (index + 1), size[1]))
    image.save(path)


def test_two_files_of_one_name_are_a_pair(tmp_path: Path) -> None:
    for index in range(12):
        paint(tmp_path / "A" / f"{index:02d}.png", index)
        paint(tmp_path / "B" / f"{index:02d}.png", 100 + index)
    options = {"sample_shape": (3, 4, 6), "source_shape": (1, 4, 6), "batch_size": 3}
    for reverse in (False, True):
        data = PairedFolderDataModule(tmp_path, reverse=reverse, **options)
        data.prepare_data()
        data.setup()
        for images, shift in ((data.train, 11), (data.test, 1)):
            assert isinstance(images, Domains) and images.size == shift
            source, x = images.columns.values()
            assert source.shape[1:] == (1, 4, 6) and x.shape[1:] == (3, 4, 6)
            step = -100 if reverse else 100
            assert torch.equal(x[:, :1].int(), source[:].int() + step)
    (tmp_path / "B" / "03.png").rename(tmp_path / "B" / "other.png")
    with pytest.raises(LabError, match=r"03 has no partner .* data=unpaired_folder"):
        PairedFolderDataModule(tmp_path, **options).prepare_data()


@pytest.mark.parametrize("folders", [("", ""), ("train", "val")])
@pytest.mark.parametrize("memory_share", [0.0, 1.0])
def test_two_halves_of_one_file_are_a_pair(
    tmp_path: Path, folders: tuple[str, str], memory_share: float
) -> None:
    for index in range(12):
        folder = folders[index > 8]
        paint(tmp_path / folder / f"{index:02d}.png", index, 50 + index)
    data = PairedFolderDataModule(
        tmp_path, sample_shape=(1, 4, 6), batch_size=3, memory_share=memory_share
    )
    data.prepare_data()
    data.setup()
    assert (len(data.train.images), len(data.test.images)) == ((9, 3) if folders[0] else (11, 1))
    for split in (data.train, data.test):
        source, x = split.columns.values()  # type: ignore[attr-defined]
        assert torch.equal(x[:], source[:] + 50)


def test_unpaired_folders_may_differ_in_number(tmp_path: Path) -> None:
    for letter, split, count in (("A", "train", 5), ("A", "test", 2), ("B", "train", 9)):
        for index in range(count):
            paint(tmp_path / f"{split}{letter}" / f"{index}.png", index)
    with pytest.raises(LabError, match="holds 9 images; at least 10 are needed"):
        UnpairedFolderDataModule(tmp_path).prepare_data()
    paint(tmp_path / "testB" / "0.png", 9)
    data = UnpairedFolderDataModule(tmp_path, sample_shape=(3, 8, 8), batch_size=2)
    data.prepare_data()
    data.setup()
    assert isinstance(data.train, Domains)
    assert {name: len(column) for name, column in data.train.columns.items()} == {"a": 5, "b": 9}
    assert len(data.train_dataloader()) == 4
    with pytest.raises(LabError, match="has no folder A or trainA"):
        UnpairedFolderDataModule(tmp_path / "trainA").prepare_data()
