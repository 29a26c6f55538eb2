"""The 25-mode grid, method by method: ``make results-mixtures`` trains what is missing and reports.

Every run goes through ``python -m gan_lab.train experiment=mixture_grid``. A run
that is finished is not repeated, and an interrupted one goes on from its checkpoint.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import torch

from gan_lab.data import GridDataModule
from gan_lab.metrics import mode_coverage

METHODS = {
    "NS": ["loss=non_saturating"],
    "NS + R1 + R2": ["loss=non_saturating", "regularizer=r1r2"],
    "RpGAN + R1 + R2": ["loss=rpgan", "regularizer=r1r2"],
}
CUSTOMARY = 2_500  # samples, since VEEGAN
PUBLISHED = [
    ("GAN (VEEGAN, arXiv 1705.07761)", "3.3", "0.5"),
    ("Unrolled GAN (same)", "23.6", "16"),
    ("VEEGAN (same)", "24.6", "40"),
    ("GAN (PacGAN, arXiv 1712.04086)", "17.3 ± 0.8", "94.8"),
    ("PacGAN4 (same)", "24.8 ± 0.2", "93.6"),
]


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path("outputs/results/mixtures"))
    arguments = parser.parse_args()
    rows = []
    for method, overrides in METHODS.items():
        results = []
        for seed in arguments.seeds:
            folder = arguments.folder / slug(method) / f"seed_{seed}"
            train(folder, overrides, seed, arguments.steps, arguments.samples)
            results.append(figures(folder, arguments.samples))
        few, modes, quality = zip(*results, strict=True)
        shares = [100 * share for share in quality]
        rows.append((method, spread(few, 1), spread(modes, 1), spread(shares, 1)))
    report(rows, [oracle(count) for count in (CUSTOMARY, arguments.samples)], arguments)


def slug(method: str) -> str:
    """Return the method's name as a folder's."""
    return "_".join(method.lower().replace("+", " ").split())


def train(folder: Path, overrides: list[str], seed: int, steps: int, samples: int) -> None:
    """Train one run to its end, unless it is there."""
    summary = folder / "summary.json"
    done = json.loads(summary.read_text()) if summary.exists() else {}
    if done.get("status") == "finished" and done["steps"] == steps:
        return
    command = [sys.executable, "-m", "gan_lab.train"]
    if (folder / "checkpoints" / "last.ckpt").exists():
        command += [f"resume={folder}", f"trainer.max_steps={steps}"]
    else:
        command += ["experiment=mixture_grid", *overrides, f"seed={seed}"]
        command += [f"trainer.max_steps={steps}", f"hydra.run.dir={folder}"]
        command += [f"callbacks.evaluation.every_n_steps={min(5000, steps)}"]
        command += [f"callbacks.evaluation.final_num_samples={samples}", "trainer.accelerator=cpu"]
    # Networks this small are slower on two threads than on one.
    subprocess.run(command, check=True, env={"OMP_NUM_THREADS": "1", **os.environ})


def figures(folder: Path, samples: int) -> tuple[float, float, float]:
    """Return the modes by few and by all samples that a run ended with, and the good share."""
    final = json.loads((folder / "summary.json").read_text())["final"]
    modes = (final[f"modes/points_{count}"] for count in (CUSTOMARY, samples))
    return *modes, final[f"high_quality/points_{samples}"]


def oracle(samples: int) -> tuple[float, float]:
    """Return the figures of points drawn from the mixture itself."""
    mixture = GridDataModule().mixture
    points = mixture.sample(samples, torch.Generator().manual_seed(0)).images
    modes, quality = mode_coverage(points, mixture.centres, mixture.deviation)
    return float(modes), 100 * float(quality)


def spread(values: list[float] | tuple[float, ...], digits: int) -> str:
    """Return mean ± standard deviation."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.{digits}f} ± {deviation:.{digits}f}"


def report(
    rows: list[tuple[str, str, str, str]],
    perfect: list[tuple[float, float]],
    arguments: argparse.Namespace,
) -> None:
    """Print our rows, then the published ones, whose networks and budgets differ."""
    seeds = ", ".join(map(str, arguments.seeds))
    few, many = f"modes by {CUSTOMARY:,}", f"modes by {arguments.samples:,}"
    print(f"25-mode grid, {arguments.steps:,} steps, seeds {seeds}; modes of 25 by sample count")
    print(f"| {'here':32} | {few:>14} | {many:>15} | {'high quality %':>14} |\n|---|---|---|---|")
    for name, *cells in rows:
        print(f"| {name:32} | {cells[0]:>14} | {cells[1]:>15} | {cells[2]:>14} |")
    (fewer, _), (more, quality) = perfect
    print(f"| {'the mixture itself':32} | {fewer:14.0f} | {more:15.0f} | {quality:14.1f} |")
    print(f"\n| {'published':32} | {few:>14} | {'high quality %':>14} |\n|---|---|---|")
    for name, modes, quality_share in PUBLISHED:
        print(f"| {name:32} | {modes:>14} | {quality_share:>14} |")


if __name__ == "__main__":
    main()
