"""Train every loss with every model under one budget, and print the table of the README.

    python -m benchmarks.results                      # the real thing; again prints it anew
    python -m benchmarks.results --max-steps 20 --seeds 1 --final-samples 100 --folder /tmp/try

Each run is ``python -m gan_lab.train``; a run whose folder says that it finished is not run again,
so the command can be interrupted at any time and goes on where it stopped.
"""

import argparse
import itertools
import statistics
from pathlib import Path

from benchmarks.jobs import finished, summary_of, train

LOSSES = "vanilla", "non_saturating", "lsgan", "wgan", "wgan_gp", "hinge"
MODELS = "mlp", "dcgan"
FIGURES = "fid", "precision", "recall", "coverage"


def main() -> None:
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("outputs/results"))
    parser.add_argument("--max-steps", type=int, default=2000, help="generator updates of a run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--final-samples", type=int, default=10_000)
    parser.add_argument("--losses", nargs="+", default=LOSSES, choices=LOSSES)
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    parser.add_argument("--table-only", action="store_true", help="print what has finished")
    parser.add_argument("overrides", nargs="*", help="for every run, after --: trainer.devices=1")
    arguments = parser.parse_args()
    jobs = list(itertools.product(arguments.models, arguments.losses, range(arguments.seeds)))
    for model, loss, seed in [] if arguments.table_only else jobs:
        folder = folder_of(arguments.folder, model, loss, seed)
        train(folder, settings(arguments, model, loss, seed), arguments.max_steps)
    print(table(arguments))


def folder_of(folder: Path, model: str, loss: str, seed: int) -> Path:
    """Return the run folder of a job."""
    return folder / f"{model}-{loss}-{seed}"


def settings(arguments: argparse.Namespace, model: str, loss: str, seed: int) -> list[str]:
    """Return the overrides of a job."""
    evaluation = "callbacks.evaluation"
    return [
        *(f"model={model}", f"loss={loss}", f"seed={seed}"),
        "trainer.precision=32-true",  # the same on every machine
        f"{evaluation}.every_n_steps={max(1, arguments.max_steps // 4)}",
        f"{evaluation}.num_samples={min(1000, arguments.final_samples)}",
        f"{evaluation}.final_num_samples={arguments.final_samples}",
        *arguments.overrides,
    ]


def table(arguments: argparse.Namespace) -> str:
    """Return the results as a Markdown table, mean ± standard deviation over seeds."""
    lines = [
        f"{arguments.max_steps} generator updates, "
        f"{arguments.final_samples} samples, single precision, "
        "features of the shipped MNIST classifier, "
        "mean ± standard deviation over seeds. Best: the checkpoint of lowest FID on the way, "
        "measured anew. Averaged: the last weights' moving average, where one was kept "
        "(-- callbacks.ema.decay=0.999), which then also decides what is best.",
        "",
        "| model | loss | seeds | FID best | FID last | FID averaged | precision | recall "
        "| coverage |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for model, loss in itertools.product(arguments.models, arguments.losses):
        folders = [folder_of(arguments.folder, model, loss, s) for s in range(arguments.seeds)]
        runs = [summary_of(f) for f in folders if finished(f, arguments.max_steps)]
        if not runs:
            lines.append(f"| {model} | {loss} | 0 | | | | | | |")
            continue
        label = f"/mnist_classifier_{arguments.final_samples}"
        best = spread([run["best"][f"fid{label}"] for run in runs])
        fid, *others = [spread([run["final"][f"{f}{label}"] for run in runs]) for f in FIGURES]
        kept = [
            run["final"][f"fid{label}_ema"] for run in runs if f"fid{label}_ema" in run["final"]
        ]
        averaged = spread(kept) if len(kept) == len(runs) else ""
        cells = [model, loss, str(len(runs)), best, fid, averaged, *others]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    """Return "mean ± standard deviation" with the digits that the deviation allows.

    >>> spread([1.0, 2.0, 3.0]), spread([0.5])
    ('2.0 ± 1.0', '0.5')
    """
    if len(values) == 1:
        return f"{values[0]:.3g}"
    deviation = statistics.stdev(values)
    digits = 1 if deviation >= 0.5 else 2 if deviation >= 0.05 else 3
    return f"{statistics.fmean(values):.{digits}f} ± {deviation:.{digits}f}"


if __name__ == "__main__":
    main()
