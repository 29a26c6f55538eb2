"""The 25-mode grid, method by method: ``make results-mixtures`` trains what is missing and reports.

Every run goes through ``python -m gan_lab.train experiment=mixture_grid``. A run
that is finished is not repeated, and an interrupted one goes on from its checkpoint.
``--stacked`` prints instead what 26,000 pixelwise averages of two real stacked digits score.
"""

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.jobs import slug, summary_of, train
from benchmarks.setting import ROOT
from gan_lab.data import GridDataModule, StackedMNISTDataModule
from gan_lab.metrics import (
    ClassHistogram,
    ClassifierFeatures,
    Reference,
    mode_coverage,
    mode_divergence,
    mode_shares,
    precision_recall,
)
from gan_lab.metrics.features import activations

METHODS = {
    "NS": ["loss=non_saturating"],
    "NS + R1 + R2": ["loss=non_saturating", "regularizer=r1r2"],
    "RpGAN + R1 + R2": ["loss=rpgan", "regularizer=r1r2"],
}
CUSTOMARY = 2_500  # samples, since VEEGAN
FIGURES = "modes", "high_quality", "smallest_mode", "mode_divergence"
PUBLISHED = [  # PacGAN's spread is a standard error over 10 trials
    ("GAN (VEEGAN, arXiv 1705.07761)", "3.3", "0.5"),
    ("Unrolled GAN (same)", "23.6", "16"),
    ("VEEGAN (same)", "24.6", "40"),
    ("GAN (PacGAN, arXiv 1712.04086)", "17.3 (SE 0.8)", "94.8"),
    ("PacGAN4 (same)", "24.8 (SE 0.2)", "93.6"),
]


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path("outputs/results/mixtures"))
    parser.add_argument("--stacked", action="store_true")
    arguments = parser.parse_args()
    if arguments.stacked:
        print(averaged_stacks())
        return
    rows = []
    for method, overrides in METHODS.items():
        results = []
        for seed in arguments.seeds:
            folder = arguments.folder / slug(method) / f"seed_{seed}"
            train(folder, [*settings(arguments, seed), *overrides], arguments.steps)
            results.append(figures(folder, arguments.samples))
        rows.append((method, results))
    report([*rows, *baselines(arguments.samples)], arguments)


def settings(arguments: argparse.Namespace, seed: int) -> list[str]:
    """Return what all methods' runs are asked."""
    evaluation = "callbacks.evaluation"
    return [
        *("experiment=mixture_grid", f"seed={seed}", "trainer.accelerator=cpu"),
        f"{evaluation}.every_n_steps={min(5000, arguments.steps)}",
        f"{evaluation}.final_num_samples={arguments.samples}",
    ]


def figures(folder: Path, samples: int) -> list[float | None]:
    """Return the modes by few samples, then all figures by all, that a run ended with."""
    final = summary_of(folder)["final"]
    found = [final[f"modes/points_{CUSTOMARY}"]]
    return found + [final.get(f"{figure}/points_{samples}") for figure in FIGURES]


def baselines(samples: int) -> list[tuple[str, list[list[float | None]]]]:
    """Return ten draws from the mixture itself, and ten of points spread evenly over the square.

    The square is that of the 25 modes' cells, [-5, 5]².
    """
    mixture, rows = GridDataModule().mixture, {}
    for name in ("points spread evenly", "the mixture itself"):
        draws: list[list[float | None]] = []
        for seed in range(10):
            random = torch.Generator().manual_seed(seed)
            even = 10 * torch.rand(samples, 2, generator=random) - 5
            points = even if name.startswith("points") else mixture.sample(samples, random).images
            few, _ = mode_coverage(points[:CUSTOMARY], mixture.centres, mixture.deviation)
            modes, quality = mode_coverage(points, mixture.centres, mixture.deviation)
            shares = mode_shares(points, mixture.centres, mixture.deviation)
            values = few, modes, quality, shares.min(), mode_divergence(shares)
            draws.append([float(value) for value in values])
        rows[name] = draws
    return list(rows.items())


def averaged_stacks(count: int = 26_000, neighbours: int = 4000) -> dict[str, float]:
    """Return the figures of averages of two stacks; recall is of ``neighbours`` on both sides."""
    data = StackedMNISTDataModule(ROOT)
    data.prepare_data()
    network = ClassifierFeatures("mnist", channels=3)
    train, test = data.load(train=True).images, data.load(train=False).images
    first, second = torch.randint(
        len(train), (2, count), generator=torch.Generator().manual_seed(0)
    )
    made = ((train[first].float() + train[second].float()) / 2).round().to(torch.uint8)
    real, generated = activations(network, test[:neighbours]), activations(network, made)
    metric = ClassHistogram(Reference(real, real, network.name))
    metric.update(generated)
    figures = {name: float(value) for name, value in metric.compute().items()}
    _, recall = precision_recall(real.features, generated.features[:neighbours])
    return figures | {"recall": float(recall)}


def spread(values: Sequence[float | None], digits: int, scale: float = 1.0) -> str:
    """Return mean ± standard deviation, or a dash where a value is missing.

    >>> spread([1.0, 2.0, 3.0], 1), spread([1.0, None], 1)
    ('2.0 ± 1.0', '–')
    """
    present = [scale * value for value in values if value is not None]
    if len(present) < len(values):
        return "–"
    deviation = statistics.stdev(present) if len(present) > 1 else 0.0
    return f"{statistics.mean(present):.{digits}f} ± {deviation:.{digits}f}"


def report(
    rows: Sequence[tuple[str, list[list[float | None]]]], arguments: argparse.Namespace
) -> None:
    """Print our rows, then the published ones, whose networks and budgets differ."""
    seeds = ", ".join(map(str, arguments.seeds))
    few, many = f"modes by {CUSTOMARY:,}", f"modes by {arguments.samples:,}"
    print(f"25-mode grid, {arguments.steps:,} steps, seeds {seeds}; mean ± standard deviation")
    print(f"| here | {few} | {many} | high quality % | smallest mode % | KL |")
    print("|---|---|---|---|---|---|")
    for name, results in rows:
        columns = list(zip(*results, strict=True))
        cells = [spread(columns[0], 1), spread(columns[1], 1), spread(columns[2], 1, 100)]
        cells += [spread(columns[3], 2, 100), spread(columns[4], 3)]
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\n| published | {few} | high quality % |\n|---|---|---|")
    for name, modes, quality_share in PUBLISHED:
        print(f"| {name} | {modes} | {quality_share} |")


if __name__ == "__main__":
    main()
