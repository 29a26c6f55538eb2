"""Modes and high quality of points, and the thousand modes of stacked digits."""

import math
from pathlib import Path

import pytest
import torch

from gan_lab.data import (
    GridDataModule,
    Mixture,
    MNISTDataModule,
    RingDataModule,
    StackedMNISTDataModule,
)
from gan_lab.data.mixtures import grid, ring
from gan_lab.metrics import (
    Activations,
    ClassHistogram,
    ClassifierFeatures,
    ModeCoverage,
    Reference,
    class_distance,
    divergence_from_uniform,
    mode_coverage,
    mode_divergence,
    mode_shares,
)
from gan_lab.metrics.features import activations


@pytest.mark.parametrize("module", [RingDataModule, GridDataModule])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_oracle_covers_all_modes_at_its_own_quality(module: type, seed: int) -> None:
    """1 - exp(-4.5) = 98.889 %, not 100 %: more would be over-concentration."""
    mixture: Mixture = module().mixture
    points = mixture.sample(2500, torch.Generator().manual_seed(seed)).images
    modes, quality = mode_coverage(points, mixture.centres, mixture.deviation)
    assert modes == len(mixture.centres)
    assert quality.item() == pytest.approx(1 - math.exp(-4.5), abs=0.007)


@pytest.mark.parametrize("radius", [1.0, 2.0, 3.0])
def test_the_quality_of_the_oracle_follows_its_law(radius: float) -> None:
    mixture = Mixture(grid(), 0.05)
    points = mixture.sample(50_000, torch.Generator().manual_seed(2)).images
    _, quality = mode_coverage(points, mixture.centres, 0.05, radius)
    assert quality.item() == pytest.approx(1 - math.exp(-(radius**2) / 2), abs=0.006)


def test_points_at_three_modes_of_eight() -> None:
    centres = ring(8)
    points = torch.cat([centres[:3], centres[:1] + 0.029, centres[4:5] + 0.031])
    modes, quality = mode_coverage(points, centres, deviation=0.01)
    assert modes == 3
    assert quality == pytest.approx(3 / 5)
    far, none = mode_coverage(torch.full((4, 2), 9.0), centres, 0.01)
    assert (far, none) == (0, 0)


def test_shares_of_modes_count_points_of_high_quality_alone() -> None:
    centres = ring(4)
    points = torch.cat([centres[:1].repeat(6, 1), centres[1:3], centres[3:] + 0.5])
    shares = mode_shares(points, centres, deviation=0.01)
    assert shares.tolist() == [0.75, 0.125, 0.125, 0]
    expected = 0.75 * math.log(3) + 0.25 * math.log(0.5)
    assert mode_divergence(shares).item() == pytest.approx(expected)
    assert mode_divergence(torch.full((4,), 0.25)).item() == pytest.approx(0)
    assert mode_divergence(torch.tensor([1.0, 0, 0, 0])).item() == pytest.approx(math.log(4))
    assert mode_shares(centres[:1], centres, 0.01).tolist() == [1, 0, 0, 0]
    none = mode_shares(points + 9, centres, 0.01)
    assert none.tolist() == [0, 0, 0, 0]
    assert mode_divergence(none).item() == pytest.approx(math.log(4))


def test_covered_modes_alone_say_nothing_and_the_figures_beside_them_do() -> None:
    """Points spread evenly over the square reach the grid's modes; the mixture's own do better."""
    random = torch.Generator().manual_seed(0)
    centres = grid()
    spread = 10 * torch.rand(10_000, 2, generator=random) - 5
    modes, quality = mode_coverage(spread, centres, 0.05)
    assert modes == 25
    assert quality < 0.025
    one_sided = centres[torch.cat([torch.arange(25), torch.zeros(2475, dtype=torch.long)])]
    modes, quality = mode_coverage(one_sided, centres, 0.05)
    assert (modes, quality) == (25, 1)
    shares = mode_shares(one_sided, centres, 0.05)
    own = mode_shares(Mixture(centres, 0.05).sample(2500, random).images, centres, 0.05)
    assert shares.min() < 0.0005
    assert own.min() > 0.02
    assert mode_divergence(shares) > 3
    assert mode_divergence(own) < 0.02


def test_the_metric_accumulates_batches() -> None:
    mixture = Mixture(grid(), 0.05)
    points = mixture.sample(900, torch.Generator().manual_seed(3)).images
    reference = Reference(Activations(points), Activations(points), "points")
    metric = ModeCoverage(reference, grid().tolist(), 0.05)
    for batch in points.split(200):
        metric.update(Activations(batch))
    modes, quality = mode_coverage(points, grid(), 0.05)
    figures = metric.compute()
    shares = mode_shares(points, grid(), 0.05)
    assert figures == {
        "modes": modes,
        "high_quality": quality,
        "smallest_mode": shares.min(),
        "mode_divergence": mode_divergence(shares),
    }
    assert metric.ideals.keys() == figures.keys()
    assert metric.ideals["modes"] == 25
    assert metric.ideals["high_quality"] == pytest.approx(0.98889, abs=1e-5)
    images = Reference(Activations(torch.zeros(4, 64)), Activations(torch.zeros(4, 64)), "images")
    with pytest.raises(ValueError, match="is for points of the plane"):
        ModeCoverage(images, grid(), 0.05)
    with pytest.raises(ValueError, match="deviation must be positive"):
        ModeCoverage(reference, grid(), 0.0)


def test_real_stacked_digits_score_a_thousand_modes_at_the_estimators_floor(
    mnist_root: Path,
) -> None:
    """The classifier's verdicts on 26,000 stacks diverge from uniform no more than the truth."""
    images, labels = MNISTDataModule(mnist_root).load(train=False)
    verdicts = activations(ClassifierFeatures("mnist"), images[:2000]).logits
    assert verdicts is not None
    triples = torch.randint(2000, (26_000, 3), generator=torch.Generator().manual_seed(0))
    place = torch.tensor([100, 10, 1])
    counted, true = (
        (digits[triples] * place).sum(1).bincount(minlength=1000)
        for digits in (verdicts.argmax(1), labels[:2000])
    )
    assert (counted > 0).all()
    floor = divergence_from_uniform(true).item()
    assert floor > 999 / 52_000  # digits are not equally frequent, which adds to (c - 1) / 2n
    assert divergence_from_uniform(counted).item() == pytest.approx(floor, rel=0.1)


def test_three_channels_are_classified_as_three_digits(mnist_root: Path) -> None:
    images, labels = StackedMNISTDataModule(mnist_root, size=1200).load(train=False)
    made = activations(ClassifierFeatures("mnist", channels=3), images)
    metric = ClassHistogram(Reference(made, made, "mnist_classifier"))
    metric.update(made)
    true = labels.bincount(minlength=1000)
    assert class_distance(true, metric.counts).item() < 0.05
    assert metric.compute()["class_distance"] == 0
    assert metric.compute()["smallest_class"] == metric.counts.min() / 200
