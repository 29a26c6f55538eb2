"""The order of steps and the minibatches in them."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gan_lab.contracts import Sample
from gan_lab.data import BatchLoader, InMemoryDataModule, RingDataModule, Samples
from gan_lab.errors import LabError
from gan_lab.media import Image, Points


def loader(size: int = 20, batch: int = 4, **options: int) -> BatchLoader:
    samples = torch.arange(size, dtype=torch.float32)
    return BatchLoader(samples, samples.long(), batch, **options)


def labels(step: list[Sample]) -> Tensor:
    return torch.cat([minibatch["label"] for minibatch in step])


def epoch(batches: BatchLoader) -> Tensor:
    return torch.cat([labels(step) for step in batches])


def former_order(size: int, step: int, seed: int, epoch: int) -> list[Tensor]:
    """Return what each step of an epoch holds, as one process ever dealt it."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(size, generator=generator)
    return list(order[: size // step * step].split(step))


@given(size=st.integers(12, 60), batch=st.integers(1, 4), count=st.integers(1, 3))
def test_minibatches_are_the_chunks_of_a_jointly_gathered_step(
    size: int, batch: int, count: int
) -> None:
    images = torch.randint(0, 256, (size, 1, 2, 3), dtype=torch.uint8)
    dealt = BatchLoader(images, torch.arange(size), batch, count, medium=Image((1, 2, 3)), seed=7)
    for number in range(2):
        expected = former_order(size, batch * count, 7, number)
        steps = list(dealt)
        assert len(steps) == len(expected) == len(dealt)
        for step, index in zip(steps, expected, strict=True):
            joint = images[index].float().div_(127.5).sub_(1.0)
            assert len(step) == count
            for minibatch, x, label in zip(
                step, joint.chunk(count), index.chunk(count), strict=True
            ):
                assert set(minibatch) == {"x", "label"}
                assert torch.equal(minibatch["x"], x)
                assert torch.equal(minibatch["label"], label)


def test_a_step_is_gathered_and_converted_once() -> None:
    class Counting(Points):
        calls = 0

        def to_float(self, raw: Tensor) -> Tensor:
            Counting.calls += 1
            return super().to_float(raw)

    samples = torch.randn(24, 2)
    step = next(iter(BatchLoader(samples, torch.arange(24), 4, 3, Counting((2,)))))
    assert Counting.calls == 1
    assert len({minibatch["x"].untyped_storage().data_ptr() for minibatch in step}) == 1


@pytest.mark.parametrize("n_critic", [1, 3, None])
def test_a_step_holds_as_many_minibatches_as_the_module_asks_for(n_critic: int | None) -> None:
    data = RingDataModule(train_size=40, test_size=1, batch_size=4)
    data.setup()
    assert len(next(iter(data.train_dataloader()))) == 1
    module = SimpleNamespace() if n_critic is None else SimpleNamespace(n_critic=n_critic)
    attach(data, module)
    step = next(iter(data.train_dataloader()))
    assert len(step) == (n_critic or 1)
    assert step[0]["x"].shape == (4, 2)


def attach(data: InMemoryDataModule, module: object) -> None:
    data.trainer = SimpleNamespace(  # type: ignore[assignment]
        lightning_module=module,
        global_rank=0,
        world_size=1,
        num_devices=1,
        strategy=SimpleNamespace(root_device=torch.device("cpu")),
    )


def test_a_step_larger_than_the_training_set_is_refused_in_one_line() -> None:
    data = RingDataModule(train_size=11, test_size=1, batch_size=4)
    data.setup()
    attach(data, SimpleNamespace(n_critic=3))
    with pytest.raises(LabError, match=r"batch_size × n_critic = 4 × 3 .* set of 11") as error:
        data.train_dataloader()
    assert "\n" not in str(error.value)


@given(
    size=st.integers(1, 60),
    batch=st.integers(1, 8),
    world=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_an_epoch_shows_each_sample_at_most_once(
    size: int, batch: int, world: int, seed: int
) -> None:
    if size < batch * world:
        with pytest.raises(ValueError, match="larger than the data set"):
            loader(size, batch, world_size=world)
        return
    shares = [epoch(loader(size, batch, seed=seed, rank=r, world_size=world)) for r in range(world)]
    seen = torch.cat(shares)
    assert len(seen.unique()) == len(seen) == size // (batch * world) * batch * world
    (whole,) = torch.cat(former_order(size, size, seed, 0)).split(size)
    for rank, share in enumerate(shares):  # each takes every world-th of the one order
        assert torch.equal(share, whole[rank::world][: len(share)])


def test_the_order_follows_seed_and_epoch() -> None:
    first, again, other = loader(seed=1), loader(seed=1), loader(seed=2)
    orders = [epoch(first), epoch(again), epoch(other), epoch(first), epoch(again)]
    assert torch.equal(orders[0], orders[1])
    assert torch.equal(orders[3], orders[4])
    assert not torch.equal(orders[0], orders[2])
    assert not torch.equal(orders[0], orders[3])


@given(stop=st.integers(0, 12), minibatches=st.integers(1, 2))
def test_a_loader_goes_on_where_its_state_says(stop: int, minibatches: int) -> None:
    def stream(batches: BatchLoader, count: int) -> list[Tensor]:
        found: list[Tensor] = []
        while len(found) < count:
            for step in batches:
                found.append(labels(step))
                if len(found) == count:
                    break
        return found

    whole = stream(loader(minibatches=minibatches), 15)
    first = loader(minibatches=minibatches)
    beginning = stream(first, stop)
    assert set(first.state_dict()) == {"epoch", "position"}
    second = loader(minibatches=minibatches)
    second.load_state_dict(first.state_dict())
    rest = stream(second, 15 - stop)
    assert all(torch.equal(a, b) for a, b in zip(whole, beginning + rest, strict=True))


@pytest.mark.parametrize("memory_share", [0.0, 1.0])
def test_a_hold_out_parts_no_sample_from_its_label(
    memory_share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Numbered(InMemoryDataModule):
        def load(self, train: bool) -> Samples:
            numbers = torch.arange(20, dtype=torch.uint8)
            return Samples(numbers[:, None, None, None].clone(), numbers.long())

    monkeypatch.setattr("gan_lab.data.base.cache_folder", lambda _: tmp_path)
    data = Numbered((1, 1, 1), validation_size=6, memory_share=memory_share)
    data.setup()
    for images, labels in (data.train, data.validation):
        assert images[:].flatten().tolist() == labels.tolist()
    parts = [set(part.labels.tolist()) for part in (data.train, data.validation)]
    assert (len(parts[0]), len(parts[1]), len(parts[0] | parts[1])) == (14, 6, 20)


def test_without_a_medium_samples_pass_as_they_are_stored() -> None:
    images = torch.zeros(4, 1, 2, 2, dtype=torch.uint8)
    (step,) = BatchLoader(images, torch.arange(4), 4)
    assert step[0]["x"].dtype == torch.uint8


def test_an_epoch_that_has_become_shorter_is_over() -> None:
    steps = loader(batch=5)
    steps.load_state_dict({"epoch": 2, "position": 3})
    assert len(list(steps)) == 1
    steps.load_state_dict({"epoch": 2, "position": 4})
    assert (steps.epoch, steps.position) == (3, 0)
    assert len(list(steps)) == 4
    for state in ({"epoch": 0, "position": -1}, {"epoch": "x", "position": 0}):
        with pytest.raises(LabError, match="there is no step"):
            steps.load_state_dict(state)


def test_without_a_hold_out_the_validation_split_is_empty() -> None:
    data = RingDataModule(train_size=20, test_size=10)
    data.setup()
    assert (len(data.validation.images), len(data.validation.labels)) == (0, 0)
    assert (len(data.train.images), len(data.test.images)) == (20, 10)
