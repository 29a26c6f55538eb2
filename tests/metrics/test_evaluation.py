"""What generated samples are held against: the test split, in an order of its own."""

from typing import Any

import pytest
import torch
from torch import Tensor

from gan_lab.callbacks.evaluation import build_evaluation
from gan_lab.data import RingDataModule
from gan_lab.media import Points
from gan_lab.metrics import (
    Activations,
    Evaluation,
    FrechetDistance,
    RawFeatures,
    Reference,
    SampleMetric,
)
from gan_lab.metrics.evaluation import seeded_batches, shuffled

NETWORK = RawFeatures(Points([2]))


class Seen(SampleMetric):
    """Notes which real samples it was given."""

    ideals = {"count": 0.0}  # noqa: RUF012
    given: list[Reference] = []  # noqa: RUF012

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.given.append(reference)
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, generated: Activations) -> None:
        self.count += len(generated.features)

    def compute(self) -> dict[str, Tensor]:
        return {"count": self.count}


@pytest.fixture(autouse=True)
def _forget() -> None:
    Seen.given.clear()


def ring(**options: Any) -> RingDataModule:
    data = RingDataModule(train_size=40, test_size=30, **options)
    data.prepare_data()
    data.setup("fit")
    return data


def test_the_test_split_is_compared_with_and_the_training_split_may_be_copied_from() -> None:
    data = ring()
    evaluation = build_evaluation(NETWORK, {"seen": Seen}, data, num_samples=1000)
    for ours, split in ((evaluation.real, data.test), (evaluation.train, data.train)):
        assert torch.equal(ours.features, split.images)
        assert torch.equal(ours.labels, split.labels)
    (reference,) = Seen.given
    assert sorted(reference.real.features.tolist()) == sorted(data.test.images.tolist())
    assert torch.equal(reference.train.features, data.train.images)
    assert not {tuple(p) for p in data.train.images.tolist()} & {
        tuple(p) for p in data.test.images.tolist()
    }


def test_fewer_real_samples_than_there_are_come_from_all_of_them() -> None:
    """A set sorted by class would give its first classes alone."""
    points = torch.arange(2000.0)[:, None].expand(-1, 2)
    labels = torch.arange(2000) // 200
    real = Activations(points, None, labels)
    evaluation = Evaluation(NETWORK, {"seen": Seen}, real, real, num_samples=500)
    chosen = evaluation.reference.real
    assert len(chosen) == 500
    assert len(chosen.features[:, 0].unique()) == 500  # none twice
    counts = chosen.labels.bincount(minlength=10)
    assert counts.min() > 25 and counts.max() < 75  # 50 ± 6.7 each
    assert torch.equal(chosen.labels, labels[chosen.features[:, 0].long()])
    other = Evaluation(NETWORK, {"seen": Seen}, real, real, num_samples=500, seed=1)
    assert not torch.equal(other.reference.real.features, chosen.features)


def test_the_floor_measures_training_samples_and_leaves_them_out_of_the_copied() -> None:
    points = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    train = Activations(points, None, None)
    evaluation = Evaluation(NETWORK, {"seen": Seen}, train[:50], train, num_samples=30)
    assert evaluation.floor == {"count": 30.0}
    reference = Seen.given[-1]
    assert len(reference.train) == 70
    assert torch.equal(reference.real.features, evaluation.reference.real.features)


@pytest.mark.parametrize(
    ("value", "named"), [(0.5, ["fid"]), (1.0, []), (1.5, []), (-0.5, ["fid"])]
)
def test_closer_to_the_ideal_than_real_samples_is_told(value: float, named: list[str]) -> None:
    points = Activations(torch.randn(20, 2), None, None)
    evaluation = Evaluation(NETWORK, {"fid": FrechetDistance}, points, points, num_samples=5)
    evaluation.__dict__["floor"] = {"fid": 1.0}
    assert evaluation.better_than_real({"fid": value}) == named


def test_at_another_count_all_else_is_the_same() -> None:
    points = Activations(torch.randn(50, 2), None, None)
    first = Evaluation(NETWORK, {"seen": Seen}, points, points, num_samples=20, seed=3)
    second = first.at(10)
    assert second.num_samples == 10
    assert torch.equal(second.reference.real.features, first.reference.real.features[:10])
    assert second.label("fid") == f"fid/{NETWORK.name}_10"


def test_a_permutation_is_a_function_of_its_seed() -> None:
    assert torch.equal(shuffled(50, 1), shuffled(50, 1))
    assert not torch.equal(shuffled(50, 1), shuffled(50, 2))
    assert sorted(shuffled(50, 1).tolist()) == list(range(50))


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_processes_share_the_same_batches(world_size: int) -> None:
    def draw(count: int) -> Tensor:
        return torch.randn(count, 2)

    torch.manual_seed(5)
    before = torch.get_rng_state()
    alone = list(seeded_batches(draw, 23, seed=4, batch_size=5))
    shares = [list(seeded_batches(draw, 23, 4, 5, rank, world_size)) for rank in range(world_size)]
    assert torch.equal(before, torch.get_rng_state())
    assert [len(batch) for batch in alone] == [5, 5, 5, 5, 3]
    for index, batch in enumerate(alone):
        assert torch.equal(batch, shares[index % world_size][index // world_size])
    assert not torch.equal(alone[0], alone[1])
    assert not torch.equal(alone[0], next(iter(seeded_batches(draw, 5, seed=5))))
