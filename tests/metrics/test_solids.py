"""Figures of solids, by laws and against brute force."""

import pytest
import torch
from torch import Tensor

from gan_lab.data import SolidsDataModule
from gan_lab.errors import LabError
from gan_lab.media import Image, Voxels
from gan_lab.metrics import (
    Activations,
    Evaluation,
    Occupancy,
    Pieces,
    Reference,
    SolidFeatures,
    SolidSets,
    VolumeFeatures,
    chamfer_distances,
    set_figures,
)
from gan_lab.metrics.chamfer import surface_cubes
from gan_lab.metrics.features import activations
from gan_lab.metrics.solids import pieces

SHAPE = (1, 16, 16, 16)


@pytest.fixture(scope="module")
def data() -> SolidsDataModule:
    module = SolidsDataModule(SHAPE, train_size=300, test_size=120)
    module.setup()
    return module


def noise(count: int, edge: int = 6, seed: int = 0, share: float = 0.3) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return (torch.rand(count, edge, edge, edge, generator=random) < share).byte()


def brute(one: Tensor, other: Tensor) -> Tensor:
    """The Chamfer distance of two solids, from all pairs of surface cubes."""
    a, b = (surface_cubes(solid[None])[0].nonzero().double() for solid in (one, other))
    pairs = torch.cdist(a, b).square()
    return (pairs.amin(1).mean() + pairs.amin(0).mean()) * 1000 / max(one.shape) ** 2


def test_the_surface_is_what_meets_the_outside() -> None:
    solid = torch.zeros(1, 5, 5, 5)
    solid[0, 1:4, 1:4, 1:4] = 1
    assert surface_cubes(solid).sum() == 26  # all but the middle
    assert surface_cubes(torch.ones(1, 3, 3, 3)).sum() == 26  # beyond the grid is outside
    assert not surface_cubes(torch.zeros(1, 3, 3, 3)).any()


def test_chamfer_distances_are_those_of_brute_force() -> None:
    ones, others = noise(3), noise(4, seed=1)
    found = chamfer_distances(ones, others)
    expected = torch.stack([torch.stack([brute(a, b) for b in others]) for a in ones])
    assert torch.allclose(found.double(), expected, rtol=1e-5)
    assert torch.allclose(found, chamfer_distances(others, ones).mT, rtol=1e-5)
    assert chamfer_distances(ones, ones).diagonal().abs().max() < 1e-4


def test_a_solid_one_cube_aside_is_one_cube_away_at_most() -> None:
    post = torch.zeros(1, 8, 8, 8)
    post[0, :, 3, 3] = 1
    assert chamfer_distances(post, post.roll(2, 2)).item() == pytest.approx(2 * 4 * 1000 / 64)


def test_an_empty_solid_is_as_far_as_can_be_from_all_but_its_like() -> None:
    nothing, something = torch.zeros(1, 6, 6, 6), noise(1)
    far = 2 * 3 * 25 * 1000 / 36
    assert chamfer_distances(nothing, something).item() == pytest.approx(far)
    assert chamfer_distances(something, nothing).item() == pytest.approx(far)
    assert chamfer_distances(nothing, nothing).item() == 0


def figures(made: Tensor, real: Tensor) -> dict[str, float]:
    found = set_figures(
        *(chamfer_distances(*p) for p in ((made, made), (real, real), (made, real)))
    )
    return {name: float(value) for name, value in found.items()}


def test_copies_equals_and_strangers() -> None:
    solids = noise(60)
    copies = figures(solids, solids)
    assert copies == {"mmd": pytest.approx(0, abs=1e-3), "cov": 1.0, "one_nna": 0.0}
    equal = figures(noise(150, 5, 2), noise(150, 5, 3))
    assert 0.38 < equal["one_nna"] < 0.62
    left, right = noise(60), noise(60, seed=1)
    left[..., 2:], right[..., :4] = 0, 0
    strangers = figures(left, right)
    assert strangers["one_nna"] == 1.0 and strangers["mmd"] > equal["mmd"]
    collapsed = figures(noise(1).expand(60, -1, -1, -1), noise(60, seed=1))
    assert collapsed["cov"] == pytest.approx(1 / 60) and collapsed["one_nna"] > 0.8


def test_pieces_count_what_does_not_touch() -> None:
    solids = torch.zeros(3, 6, 6, 6, dtype=torch.uint8)
    solids[0, :2, :2, :2] = solids[0, 4:, 4:, 4:] = 1
    solids[1, 0, 0, 0] = solids[1, 1, 1, 1] = 1  # which meet at a corner
    assert pieces(solids).tolist() == [2, 1, 0]
    reference = reference_of(solids)
    metric = Pieces(reference)
    metric.update(reference.real)
    found = {name: float(value) for name, value in metric.compute().items()}
    assert found == {"pieces": 1.0, "one_piece": pytest.approx(1 / 3)}


def reference_of(solids: Tensor) -> Reference:
    seen = Activations(torch.zeros(len(solids), 1), beside={"solid": solids})
    return Reference(seen, seen, "cubes")


def test_occupancy_is_relative_to_real_solids() -> None:
    real = noise(200, share=0.2)
    metric = Occupancy(reference_of(real))
    for part in noise(200, seed=1, share=0.4).split(70):
        metric.update(reference_of(part).real)
    assert metric.compute()["occupancy_ratio"] == pytest.approx(2, rel=0.05)


def test_no_more_are_compared_than_asked_for() -> None:
    real, made = noise(40), noise(50, seed=1)
    metric = SolidSets(reference_of(real), most=10)
    metric.update(reference_of(made).real)
    assert float(metric.compute()["cov"]) * 10 == pytest.approx(
        round(float(metric.compute()["cov"]) * 10)
    )
    with pytest.raises(ValueError, match="most must be at least 2"):
        SolidSets(reference_of(real), most=1)


def test_the_shipped_classifier_knows_the_solids_at_both_sizes(data: SolidsDataModule) -> None:
    network = SolidFeatures()
    large = SolidsDataModule((1, 32, 32, 32), train_size=1, test_size=100)
    large.setup()
    for split in (data.test, large.test):
        seen = activations(network, split.images)
        assert seen.logits is not None
        assert (seen.logits.argmax(1) == split.labels).float().mean() > 0.95
    with pytest.raises(LabError, match="16³ cubes or a multiple"):
        network(torch.zeros(1, 1, 24, 24, 24))


def test_real_solids_score_as_one_distribution(data: SolidsDataModule) -> None:
    network = VolumeFeatures(Voxels(SHAPE))
    real, train = (activations(network, split.images) for split in (data.test, data.train))
    figures = {"sets": SolidSets, "pieces": Pieces, "occupancy": Occupancy}
    evaluation = Evaluation(network, figures, real, train, num_samples=100)
    floor = evaluation.floor
    assert 0.35 < floor["one_nna"] < 0.65 and 0.3 < floor["cov"] < 0.8
    assert floor["occupancy_ratio"] == pytest.approx(1, abs=0.15) and floor["one_piece"] > 0.95
    random = torch.rand(100, *SHAPE) * 2 - 1
    made = evaluation([random])
    assert made["one_nna"] == 1 and made["mmd"] > 5 * floor["mmd"] and made["cov"] < 0.1


def test_random_volumes_take_any_solids() -> None:
    network = VolumeFeatures(Voxels((1, 8, 16, 12)), seed=1)
    seen = network(torch.zeros(2, 1, 8, 16, 12))
    assert network.name == "random_volumes_1"
    assert seen.features.shape == (2, network.num_features)
    assert seen.beside["solid"].sum() == 2 * 8 * 16 * 12  # grey is 128, which is inside
    empty = network(torch.full((1, 1, 8, 16, 12), -1.0))
    assert empty.beside["solid"].sum() == 0 and empty.features.abs().max() > 0.01  # not unseen
    with pytest.raises(ValueError, match="takes solids of at least 8³ cubes, got image"):
        VolumeFeatures(Image((1, 16, 24)))


def test_one_real_solid_is_too_few_to_compare_with() -> None:
    metric = SolidSets(reference_of(noise(1)))
    metric.update(reference_of(noise(5)).real)
    with pytest.raises(LabError, match="one_nna needs at least 2 real samples, got 1"):
        metric.compute()


def test_random_filters_keep_the_scale_of_what_they_see() -> None:
    signs = torch.randn(20, *SHAPE, generator=torch.Generator().manual_seed(0)).sign()
    features = VolumeFeatures(Voxels(SHAPE))(signs).features
    assert 0.1 < float(features.square().mean()) < 1  # of averages over places, of ±1
