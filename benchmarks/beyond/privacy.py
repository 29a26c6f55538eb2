"""What attacks find in an overfit run and in a private one, and what samples of both teach.

    python -m benchmarks.beyond.privacy                  # the real thing; again goes on
    python -m benchmarks.beyond.privacy --steps 20 --seeds 1

Attacks: fully connected networks on 200 training images, with and without ``descent=private``, from
the last weights. Samples: a conditional DCGAN on all of MNIST, plain and private to epsilon 10, for
the same number of updates, of which the accuracy on real test digits of a classifier that is
trained on samples alone.
"""

import json
import sys
from pathlib import Path

from benchmarks.jobs import arguments, call, figure, summary_of, table, told, train

# A discriminator that can remember, and a noise under which it cannot.
FEW = ["model=mlp", "data.size=200", "data.batch_size=50", "callbacks.evaluation=null"]
FEW_PRIVATE = ["descent=private", "descent.delta=1e-3", "descent.noise_multiplier=6.0"]
# Of a few ten thousand weights: gradients by sample take memory, and noise, for each of them.
MANY = [
    *("model=dcgan", "discriminator_norm=none", "conditioning=concatenation", "metrics=all"),
    *("data.batch_size=128", "optimizer.lr=1e-3"),
    *("metrics.figures.memorization=null", "metrics.figures.intra_class_fid=null"),
]
MANY_PRIVATE = ["descent=private", "descent.target_epsilon=10", "descent.noise_multiplier=0.43"]
ATTACKS = "logits", "nearest", "calibrated"


def main() -> None:
    """Run what is missing and print both tables."""
    parser = arguments(__doc__ or "", "outputs/results/privacy", 2000)
    given = parser.parse_args()
    common = ["trainer.precision=32-true", "callbacks.nearest_neighbours=null", *given.overrides]
    attacked, taught = [], []
    for name, few_own, many_own in (("plain", [], []), ("private", FEW_PRIVATE, MANY_PRIVATE)):
        reports, runs = [], []
        for seed in range(given.seeds):
            few = given.folder / f"few-{name}-{seed}"
            steps = f"trainer.max_steps={given.steps}"
            overrides = [*FEW, *few_own, steps, *common, f"seed={seed}"]
            if not given.table_only:
                train(few, overrides)
            reports.append(audited(few, given.table_only))
            many = given.folder / f"many-{name}-{seed}"
            half = f"trainer.max_steps={given.steps // 2}"
            every = f"callbacks.evaluation.every_n_steps={given.steps}"
            overrides = [*MANY, *many_own, half, every, *common, f"seed={seed}"]
            runs.append(summary_of(many) if given.table_only else train(many, overrides))
        for attack in ATTACKS:
            found = [report.get("attacks", {}).get(attack, {}) for report in reports]
            cells = [told([f.get(key) for f in found], 3) for key in ("auc", "tpr")]
            most = told([(report.get("bound") or {}).get("auc") for report in reports], 3)
            epsilon = told([report.get("epsilon") for report in reports])
            attacked.append([name, attack, *cells, epsilon, most])
        keys = ("epsilon", 2), ("synthetic_accuracy", 3), ("class_accuracy", 3), ("fid", 1)
        taught.append([name, *(told([figure(run, k) for run in runs], d) for k, d in keys)])
    updates = f"{given.steps:,} updates on 200 images, {given.steps // 2:,} on all"
    print(f"{updates}, {given.seeds} seeds, mean [95 % interval]\n")
    headings = ["200 images", "attack", "AUC", "TPR at 0.1 % FPR", "epsilon", "AUC at most"]
    print(table(headings, attacked))
    print()
    print(
        table(["60,000 images", "epsilon", "train on synthetic", "class accuracy", "FID"], taught)
    )


def audited(run: Path, table_only: bool) -> dict[str, dict[str, dict[str, float]]]:
    """Return what an audit of a run says, which is made once."""
    place = run.with_name(f"{run.name}-audit")
    if not (place / "audit.json").exists() and not table_only and (run / "checkpoints").is_dir():
        hydra = f"hydra.run.dir={place}"
        audit = [f"checkpoint={run}", f"output={place}", hydra]
        call([sys.executable, "-m", "gan_lab.audit", *audit])
    path = place / "audit.json"
    found: dict[str, dict[str, dict[str, float]]] = (
        json.loads(path.read_text()) if path.exists() else {}
    )
    return found


if __name__ == "__main__":
    main()
