"""What an adversary makes of few labels: beside its runs, the same classifier and labels alone.

    python -m benchmarks.few_labels        # minutes; the zoo's runs of sgan are read, not made

The network, its noise, its averaged weights and the labels that a seed knows are those of
``experiment=sgan``; unlabelled and generated samples are never seen.
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.jobs import table, told
from benchmarks.zoo.__main__ import DOCS
from benchmarks.zoo.record import recorded
from gan_lab.callbacks.accuracy import class_logits, verdicts_on_test
from gan_lab.cli.app import config_dir
from gan_lab.contracts import Discriminator
from gan_lab.data import InMemoryDataModule
from gan_lab.data.labelled import UNKNOWN

DECAY = 0.99
"""Of the averaged weights; the recipe's 0.9999 is for far more steps."""


def main() -> None:
    """Train what is supervised alone, and print both shares of errors."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1000, help="of the supervised classifier")
    parser.add_argument("--page", type=Path, default=DOCS / "zoo.md", help="of the zoo's runs")
    parser.add_argument("overrides", nargs="*", help="after --: data.labels=1000")
    given = parser.parse_args()
    alone = [supervised(seed, given.steps, given.overrides) for seed in range(given.seeds)]
    runs = recorded("sgan", [], given.page).values()
    beside = [run["final"]["test_errors_averaged"] for run in runs]
    rows = [["labels alone", told([100 * share for share in alone])]]
    rows += [["`sgan`", told([100 * share for share in beside])]] if beside else []
    print(table(["", "test errors, %"], rows))


def supervised(seed: int, steps: int, overrides: list[str]) -> float:
    """Return the share of the test split that labels alone do not teach."""
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        chosen = ["experiment=sgan", f"seed={seed}", "run_dir=/nowhere", *overrides]
        config = compose("train", chosen)
    torch.manual_seed(seed)
    data: InMemoryDataModule = instantiate(config.data)
    data.prepare_data()
    data.setup("fit")
    data.setup("test")
    classifier: Discriminator = instantiate(config.discriminator)
    classifier.meet(data)
    known = (data.train.labels != UNKNOWN).nonzero().flatten()
    samples = data.medium.to_float(data.train.images[known])
    learn(classifier, samples, data.train.labels[known], steps, config.optimizer.discriminator)
    verdicts, classes = verdicts_on_test(data, classifier, 1000)
    return float((verdicts != classes).double().mean())


def learn(
    classifier: Discriminator, x: torch.Tensor, labels: torch.Tensor, steps: int, optimizer: Any
) -> None:
    """Teach a classifier all labelled samples at each step, at a rate that falls to 0."""
    moving = instantiate(optimizer)(classifier.parameters())
    falling = torch.optim.lr_scheduler.LinearLR(moving, 1.0, 0.0, total_iters=steps)
    average = get_ema_multi_avg_fn(DECAY)  # type: ignore[no-untyped-call]
    averaged = AveragedModel(classifier, multi_avg_fn=average, use_buffers=True)
    for _ in range(steps):
        loss = cross_entropy(class_logits(classifier, x), labels)
        moving.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        moving.step()
        falling.step()
        averaged.update_parameters(classifier)
    classifier.load_state_dict(averaged.module.state_dict())


if __name__ == "__main__":
    main()
