"""Print what real samples score, the floor of every metric, and how long measuring takes.

    python -m benchmarks.floors ~/.cache/gan_lab

Real training samples stand in for generated ones, against the test split.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import torch

from gan_lab import metrics
from gan_lab.callbacks.evaluation import build_evaluation
from gan_lab.data import MNISTDataModule

ALL: dict[str, Callable[[metrics.Reference], metrics.SampleMetric]] = {
    "fid": metrics.FrechetDistance,
    "kid": metrics.KernelDistance,
    "inception_score": metrics.InceptionScore,
    "precision_recall": metrics.PrecisionRecall,
    "density_coverage": metrics.DensityCoverage,
    "two_sample_accuracy": metrics.TwoSampleAccuracy,
    "class_histogram": metrics.ClassHistogram,
    "memorization": metrics.Memorization,
}
QUICK = {name: ALL[name] for name in ("fid", "kid", "inception_score")}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("root", type=Path, help="folder of the data")
    parser.add_argument("--num-samples", type=int, nargs="+", default=[2000, 10_000])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data = MNISTDataModule(arguments.root)
    data.prepare_data()
    data.setup()
    network = metrics.ClassifierFeatures("mnist")
    evaluations = [build_evaluation(network, ALL, data, n) for n in arguments.num_samples]
    columns = [evaluation.floor for evaluation in evaluations]
    counts = " | ".join(str(e.num_samples) for e in evaluations)
    print(f"| {network.name} | {counts} | ideal |")
    print("|---" * (len(columns) + 2) + "|")
    for name, ideal in evaluations[0].ideals.items():
        values = " | ".join(f"{column[name]:.4g}" for column in columns)
        bound = "≤ " if name in evaluations[0].bounds else ""
        print(f"| {name} | {values} | {bound}{ideal:.3g} |")
    images = data.train.images[: arguments.num_samples[-1]]
    for label, chosen in [("fid, kid, inception_score", QUICK), ("all", ALL)]:
        evaluation = build_evaluation(network, chosen, data, len(images))
        start, busy = time.perf_counter(), time.process_time()
        evaluation(torch.split(images, 500))
        seconds = time.perf_counter() - start
        busy = time.process_time() - busy
        print(
            f"{label}: {len(images)} samples in {seconds:.1f} s "
            f"({busy:.1f} s of processor time on {arguments.threads} threads)"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory {peak:.2f} GiB")


if __name__ == "__main__":
    main()
