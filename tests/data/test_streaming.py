"""Sets prepared with litdata: the same contract, streamed."""

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gan_lab.contracts import Sample
from gan_lab.data import InMemoryDataModule, Samples, StreamingDataModule
from gan_lab.data.streaming import StreamingBatchLoader, prepare
from gan_lab.errors import LabError

SHAPE = (3, 8, 8)


class Noise(InMemoryDataModule):
    """330 images that their label tells apart."""

    def load(self, train: bool) -> Samples:
        count = 330 if train else 40
        random = torch.Generator().manual_seed(int(train))
        images = torch.randint(0, 256, (count, *SHAPE), dtype=torch.uint8, generator=random)
        return Samples(images, torch.arange(count))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a litdata set of several chunks."""
    folder = tmp_path_factory.mktemp("litdata") / "set"
    prepare(Noise(SHAPE), folder, chunk_bytes="16KB")
    assert len(list((folder / "train").glob("*.bin"))) > 3
    return folder


def loader(root: Path, workers: int = 0, **options: int) -> StreamingBatchLoader:
    medium = StreamingDataModule(root, SHAPE).medium
    return StreamingBatchLoader(
        str(root / "train"), 8, 3, medium, workers=workers, **{"seed": 1, **options}
    )


def stream(batches: StreamingBatchLoader, count: int) -> list[list[Sample]]:
    found: list[list[Sample]] = []
    while len(found) < count:
        for step in batches:
            found.append(step)
            if len(found) == count:
                break
    return found


def labels(steps: list[list[Sample]]) -> Tensor:
    parts = [minibatch["label"] for step in steps for minibatch in step]
    return torch.cat(parts) if parts else torch.empty(0, dtype=torch.long)


def pixels(steps: list[list[Sample]]) -> Tensor:
    parts = [minibatch["x"] for step in steps for minibatch in step]
    return torch.cat(parts) if parts else torch.empty(0, *SHAPE)


def test_the_set_holds_what_the_data_module_held(root: Path) -> None:
    data, source = StreamingDataModule(root, SHAPE), Noise(SHAPE)
    data.prepare_data()
    data.setup()
    source.setup()
    for which in ("train", "test"):
        streamed, held = getattr(data, which), getattr(source, which)
        assert streamed.images.shape == held.images.shape
        assert torch.equal(streamed.images[:], held.images)
        assert torch.equal(streamed.labels[:], held.labels)
        index = torch.tensor([5, 0, -1])
        assert torch.equal(streamed.images[index], held.images[index])
        view = streamed.images.select(torch.tensor([3, 1]))
        assert torch.equal(view[1:], held.images[1:2])
    assert data.train.images.digest != data.test.images.digest
    assert len(data.validation.images) == 0


def test_an_epoch_is_steps_of_minibatches_each_sample_once(root: Path) -> None:
    held = Noise(SHAPE)
    held.setup()
    steps = list(loader(root))
    assert len(steps) == len(loader(root)) == 330 // 24
    assert all(len(step) == 3 for step in steps)
    assert all(minibatch["x"].shape == (8, *SHAPE) for step in steps for minibatch in step)
    seen = labels(steps)
    assert len(seen.unique()) == len(seen) == 330 // 24 * 24
    expected = held.medium.to_float(held.train.images[seen])
    assert torch.equal(pixels(steps), expected)


def test_the_order_follows_seed_and_epoch(root: Path) -> None:
    whole = labels(stream(loader(root), 26))
    assert torch.equal(whole, labels(stream(loader(root), 26)))
    assert not torch.equal(whole[:312], whole[312:])
    assert not torch.equal(whole, labels(stream(loader(root, seed=2), 26)))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", [0, 1, 12, 13, 20])
def test_a_stream_goes_on_where_its_state_says(root: Path, stop: int, workers: int) -> None:
    whole = stream(loader(root, workers), 28)
    first, second = loader(root, workers), loader(root, workers)
    beginning = stream(first, stop)
    second.load_state_dict(first.state_dict())
    found = beginning + stream(second, 28 - stop)
    assert torch.equal(labels(whole), labels(found))
    assert torch.equal(pixels(whole), pixels(found))


def test_processes_share_an_epoch(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = []
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in range(2):
        monkeypatch.setenv("GLOBAL_RANK", str(rank))
        shares.append(list(loader(root)))
    assert len(shares[0]) == len(shares[1]) == 330 // 48
    seen = torch.cat([labels(share) for share in shares])
    assert len(seen.unique()) == len(seen)


def test_a_module_is_served_as_from_memory(root: Path) -> None:
    data = StreamingDataModule(root, SHAPE, batch_size=8, seed=1)
    data.setup()
    (minibatch,) = next(iter(data.train_dataloader()))
    assert minibatch["x"].shape == (8, *SHAPE)
    assert minibatch["x"].dtype == torch.float32
    assert minibatch["x"].abs().max() <= 1
    too_large = StreamingDataModule(root, SHAPE, batch_size=331)
    too_large.setup()
    with pytest.raises(LabError, match=r"331 × 1 is larger than the training set of 330"):
        too_large.train_dataloader()


def test_a_share_without_a_step_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "20")
    with pytest.raises(ValueError, match="a step of 24 samples is larger than a share of"):
        loader(root)


def test_without_litdata_one_line_says_what_to_install(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "litdata", None)
    with pytest.raises(LabError, match=r"pip install 'gan-lab\[streaming\]'") as error:
        StreamingDataModule(root, SHAPE).prepare_data()
    assert "\n" not in str(error.value)


def test_sets_that_will_not_do_are_refused_in_one_line(root: Path, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="has no train/index.json") as error:
        StreamingDataModule(tmp_path, SHAPE).setup()
    assert "\n" not in str(error.value)
    with pytest.raises(LabError, match=r"\[3, 8, 8\], and data.sample_shape=\[3, 9, 9\]") as error:
        StreamingDataModule(root, (3, 9, 9)).setup()
    assert "\n" not in str(error.value)
    with pytest.raises(LabError, match="exists; name a new folder"):
        prepare(Noise(SHAPE), root)
    with pytest.raises(ValueError, match="workers must not be negative, got -1"):
        StreamingDataModule(root, SHAPE, workers=-1)


def test_a_failed_preparation_leaves_nothing(tmp_path: Path) -> None:
    class Torn(Noise):
        def load(self, train: bool) -> Samples:
            found = super().load(train)
            return Samples(found.images, found.labels[:3])

    with pytest.raises(IndexError):
        prepare(Torn(SHAPE), tmp_path / "set")
    assert not list(tmp_path.iterdir())
