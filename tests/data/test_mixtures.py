"""Mixtures in the plane: modes, density and splits."""

import inspect
import math
from collections.abc import Callable

import pytest
import torch

from gan_lab import data
from gan_lab.data import GridDataModule, Mixture, MixtureDataModule, RingDataModule
from gan_lab.data.mixtures import grid, ring, spiral, swiss_roll
from gan_lab.errors import LabError

MIXTURES = [
    item
    for item in vars(data).values()
    if inspect.isclass(item)
    and issubclass(item, MixtureDataModule)
    and item is not MixtureDataModule
]


@pytest.mark.parametrize("modes", [3, 8, 11])
def test_a_ring_has_as_many_modes_as_it_says(modes: int) -> None:
    """linspace(0, 2 pi, 8) would put the last mode on the first."""
    centres = ring(modes, radius=2.0)
    distances = torch.cdist(centres, centres) + 9 * torch.eye(modes)
    gap = 2 * 2.0 * torch.sin(torch.tensor(torch.pi / modes))
    torch.testing.assert_close(distances.min(1).values, gap.expand(modes))
    torch.testing.assert_close(centres.norm(dim=1), torch.full((modes,), 2.0))


def test_the_grid_is_veegans() -> None:
    expected = {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert {tuple(map(int, centre)) for centre in grid().tolist()} == expected


@pytest.mark.parametrize("module", MIXTURES)
def test_every_mixture_serves_points_from_memory(module: type[MixtureDataModule]) -> None:
    splits = []
    for seed in (0, 0, 1):
        points = module(train_size=500, test_size=100, batch_size=50, seed=seed)
        points.prepare_data()
        points.setup()
        splits.append(points)
    one, same, other = splits
    assert one.sample_shape == (2,)
    assert one.train.images.shape == (500, 2)
    assert one.test.images.shape == (100, 2)
    assert torch.equal(one.train.images, same.train.images)
    assert not torch.equal(one.train.images, other.train.images)
    assert not torch.equal(one.train.images[:100], one.test.images)
    assert one.medium.name == "points"
    (minibatch,) = next(iter(one.train_dataloader()))
    assert minibatch["x"].shape == (50, 2)
    distance = (minibatch["x"] - one.mixture.centres[minibatch["label"]]).norm(dim=1)
    assert distance.max() < 6 * one.mixture.deviation


@pytest.mark.parametrize("module", MIXTURES)
def test_densities_integrate_to_one(module: type[MixtureDataModule]) -> None:
    mixture = module(deviation=0.3).mixture  # type: ignore[call-arg]
    line = torch.linspace(-7, 7, 141, dtype=torch.float64)
    density = mixture.log_density(torch.cartesian_prod(line, line)).exp()
    assert (density.sum() * (line[1] - line[0]) ** 2).item() == pytest.approx(1, abs=1e-6)


def test_log_density_agrees_with_torchs_mixture() -> None:
    import torch.distributions as d

    mixture = Mixture(ring(5).double(), 0.2)
    parts = d.Independent(d.Normal(mixture.centres, torch.tensor(0.2).double()), 1)
    weights = d.Categorical(torch.ones(5).double())
    expected = d.MixtureSameFamily(weights, parts)
    points = torch.randn(50, 2, dtype=torch.float64)
    torch.testing.assert_close(
        mixture.log_density(points), expected.log_prob(points), rtol=1e-6, atol=1e-6
    )


def test_a_mixture_computes_in_the_precision_of_its_centres() -> None:
    fine = Mixture(ring(5, dtype=torch.float64), 0.2)
    points, modes = fine.sample(20, torch.Generator().manual_seed(0))
    assert points.dtype == torch.float64
    assert fine.log_density(points.float()).dtype == torch.float64
    random = torch.Generator().manual_seed(0)
    assert torch.equal(modes, torch.randint(5, (20,), generator=random))
    noise = torch.randn(20, 2, generator=random, dtype=torch.float64)
    assert torch.equal(points, fine.centres[modes] + 0.2 * noise)
    coarse = Mixture(ring(5), 0.2)
    assert coarse.sample(20).images.dtype == torch.float32
    assert coarse.log_density(points.float()).dtype == torch.float32


def test_without_a_generator_the_global_random_state_is_drawn_from() -> None:
    mixture = Mixture(ring(5), 0.2)
    drawn = []
    for _ in range(2):
        with torch.random.fork_rng():
            torch.manual_seed(3)
            drawn.append(mixture.sample(10).images)
    assert torch.equal(*drawn)
    assert not torch.equal(mixture.sample(10).images, mixture.sample(10).images)


@pytest.mark.parametrize(
    ("make", "options", "sentence"),
    [
        (ring, {"modes": 0}, "modes must be at least 1, got 0"),
        (ring, {"radius": 0.0}, "radius must be positive, got 0.0"),
        (grid, {"side": 0}, "side must be at least 1, got 0"),
        (grid, {"spacing": 0.0}, "spacing must be positive, got 0.0"),
        (spiral, {"arms": 0}, "arms must be at least 1, got 0"),
        (swiss_roll, {"density": 0}, "density must be at least 1, got 0"),
        (grid, {"spacing": float("inf")}, "spacing must be positive, got inf"),
        (ring, {"radius": float("nan")}, "radius must be positive, got nan"),
        (spiral, {"turns": float("nan")}, "turns must be finite, got nan"),
        (ring, {"modes": 10**12}, "modes must be at most 10000, got 1000000000000"),
        (grid, {"side": 10**6}, "side must be at most 100, got 1000000"),
        (spiral, {"arms": 10**6}, "arms must be at most 50, got 1000000"),
    ],
)
def test_centres_that_are_none_are_refused(
    make: Callable[..., torch.Tensor], options: dict[str, float], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence) as error:
        make(**options)
    assert "\n" not in str(error.value)


def test_centres_off_the_plane_are_refused() -> None:
    with pytest.raises(ValueError, match=r"centres must have shape \(modes, 2\), got \[3\]"):
        Mixture(torch.zeros(3), 0.1)


def test_modes_are_equally_likely() -> None:
    points = GridDataModule(train_size=50_000, test_size=1)
    points.setup()
    counts = torch.bincount(points.train.labels, minlength=25)
    assert (counts - 2000).abs().max() < 250


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"deviation": 0.0}, "deviation must be positive, got 0.0"),
        ({"train_size": 0}, "train_size must be at least 1, got 0"),
        ({"sample_shape": (1, 28, 28)}, "sample_shape must be \\[2\\]"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"sample_shape": [2.0]}, "must hold positive whole numbers, got \\[2.0\\]"),
        ({"deviation": float("inf")}, "deviation must be positive, got inf"),
    ],
)
def test_bad_arguments_are_refused(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        RingDataModule(**options)  # type: ignore[arg-type]


def test_more_points_than_the_memory_holds_are_refused() -> None:
    with pytest.raises(LabError, match="data.train_size asks for .* GiB of memory"):
        RingDataModule(train_size=10**12).setup()


def test_a_swiss_roll_is_an_archimedean_spiral() -> None:
    """The radius grows with the angle, from half a turn to one and a half, in equal steps."""
    points = swiss_roll(radius=3.0, density=200)
    radii = points.norm(dim=1)
    assert (radii[0].item(), radii[-1].item()) == pytest.approx((1.0, 3.0))
    angle = math.pi * radii  # 3π at the outer end, of radius 3
    expected = radii[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    torch.testing.assert_close(points, expected)
    steps = points.diff(dim=0).norm(dim=1)
    assert steps.max() < 1.2 * steps.min()


@pytest.mark.parametrize(("arms", "turns"), [(1, 1.0), (3, 0.5)])
def test_a_spirals_arms_are_turned_copies(arms: int, turns: float) -> None:
    points = spiral(arms, turns, radius=2.0, density=50).reshape(arms, 50, 2)
    for arm in range(arms):
        turn = 2 * math.pi * arm / arms
        rotation = torch.tensor(
            [[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]
        )
        torch.testing.assert_close(points[arm], points[0] @ rotation, atol=1e-5, rtol=1e-5)
    assert points[0].norm(dim=1).max().item() == pytest.approx(2.0)
    unit = points[0] / points[0].norm(dim=1, keepdim=True)
    swept = (unit[1:] * unit[:-1]).sum(1).clamp(-1, 1).acos().sum().item()
    assert swept == pytest.approx(2 * math.pi * turns * (1 - 0.1**0.5), rel=1e-3)


@pytest.mark.parametrize("curve", [spiral, swiss_roll])
def test_curves_end_two_away_from_the_origin(curve: Callable[[], torch.Tensor]) -> None:
    assert float(curve().norm(dim=1).max()) == pytest.approx(2)
