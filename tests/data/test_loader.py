"""The order of batches."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gan_lab.data import BatchLoader, to_unit_range


def loader(size: int = 20, batch: int = 4, **options: int) -> BatchLoader:
    samples = torch.arange(size, dtype=torch.float32)
    return BatchLoader(samples, samples.long(), batch, **options)


def epoch(batches: BatchLoader) -> Tensor:
    return torch.cat([labels for _, labels in batches])


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
    seen = torch.cat(
        [epoch(loader(size, batch, seed=seed, rank=r, world_size=world)) for r in range(world)]
    )
    assert len(seen.unique()) == len(seen) == size // (batch * world) * batch * world


def test_the_order_follows_seed_and_epoch() -> None:
    first, again, other = loader(seed=1), loader(seed=1), loader(seed=2)
    orders = [epoch(first), epoch(again), epoch(other), epoch(first), epoch(again)]
    assert torch.equal(orders[0], orders[1])
    assert torch.equal(orders[3], orders[4])
    assert not torch.equal(orders[0], orders[2])
    assert not torch.equal(orders[0], orders[3])


@given(stop=st.integers(0, 12))
def test_a_loader_goes_on_where_its_state_says(stop: int) -> None:
    def stream(batches: BatchLoader, count: int) -> list[Tensor]:
        found: list[Tensor] = []
        while len(found) < count:
            for _, labels in batches:
                found.append(labels)
                if len(found) == count:
                    break
        return found

    whole = stream(loader(), 15)
    first = loader()
    beginning = stream(first, stop)
    second = loader()
    second.load_state_dict(first.state_dict())
    rest = stream(second, 15 - stop)
    assert all(torch.equal(a, b) for a, b in zip(whole, beginning + rest, strict=True))


def test_bytes_become_the_unit_range_and_floats_pass() -> None:
    values = to_unit_range(torch.arange(256, dtype=torch.uint8))
    assert values.dtype == torch.float32
    assert (values.min(), values.max()) == (-1, 1)
    points = torch.tensor([[3.5, -7.0]])
    assert to_unit_range(points) is points
