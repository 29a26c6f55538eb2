"""From MNIST to few images of another set, by every method: the table of transfer.

    python -m benchmarks.beyond.transfer                 # the real thing; again goes on
    python -m benchmarks.beyond.transfer --sizes 5000 --methods "from nothing" fine-tuning
    python -m benchmarks.beyond.transfer --table-only    # of whatever has finished
    python -m benchmarks.beyond.transfer --steps 20 --seeds 1 --targets small_digits --sizes 100

The source is one run of the default recipe on MNIST; each method begins with its weights, or from
nothing, and has the same number of updates. KID is without bias, so that sets of few test images
compare; FID is of 2,000 samples against at most 2,000 test images. ``copying`` is C_T, which is far
below 0 where training samples are copied.
"""

from itertools import product
from pathlib import Path

from benchmarks.jobs import arguments, figure, slug, summary_of, table, told, train
from benchmarks.recipes import PLAIN_LATENT

SIZES = {"fashion_mnist": (100, 500, 5000), "small_digits": (100, 500, 1200)}
FIGURES = ("kid", 4), ("fid", 1), ("data_copying", 1), ("coverage", 3)
FIRST_LAYERS = [f"discriminator.backbone.layers.{layer}.*" for layer in (0, 2, 3)]


def methods(source: Path) -> dict[str, list[str]]:
    """Return each method's overrides by its name."""
    both = [f"pretrained.generator={source}", f"pretrained.discriminator={source}"]
    elastic = ["+terms.elastic._target_=gan_lab.terms.ElasticWeights", "+terms.elastic.weight=500"]
    return {
        "from nothing": [],
        "from nothing, DiffAugment": ["augmentation=diffaugment"],
        "fine-tuning": both,
        "fine-tuning, DiffAugment": [*both, "augmentation=diffaugment"],
        "FreezeD": [*both, f"pretrained.freeze=[{','.join(FIRST_LAYERS)}]"],
        "norms alone": [*both, "pretrained.learn=norms"],
        "elastic weights": [*both, *elastic],
    }


def main() -> None:
    """Run what is missing and print the table."""
    parser = arguments(__doc__ or "", "outputs/results/transfer", 1000)
    parser.add_argument("--targets", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--sizes", type=int, nargs="+", help="instead of each target's own")
    parser.add_argument("--methods", nargs="+", choices=list(methods(Path())))
    given = parser.parse_args()
    source = given.folder / "source"
    if not given.table_only:
        steps = f"trainer.max_steps={3 * given.steps}"
        exact = "trainer.precision=32-true"
        train(source, [*PLAIN_LATENT, steps, "callbacks.evaluation=null", exact])
    rows = []
    for target in given.targets:
        for size, (name, own) in product(given.sizes or SIZES[target], methods(source).items()):
            if given.methods and name not in given.methods:
                continue
            runs = []
            for seed in range(given.seeds):
                folder = given.folder / f"{target}-{size}-{slug(name)}-{seed}"
                overrides = [
                    *PLAIN_LATENT,
                    *(f"data={target}", f"data.size={size}", f"seed={seed}", "metrics=all"),
                    *(f"trainer.max_steps={given.steps}", "trainer.precision=32-true", *own),
                    *("callbacks.nearest_neighbours=null", *given.overrides),
                    f"callbacks.evaluation.every_n_steps={given.steps + 1}",
                    "callbacks.evaluation.final_num_samples=2000",
                ]
                runs.append(summary_of(folder) if given.table_only else train(folder, overrides))
            cells = [told([figure(run, f) for run in runs], digits) for f, digits in FIGURES]
            if any(cells):
                rows.append([target, str(size), name, *cells])
    print(f"{given.steps:,} updates, {given.seeds} seeds, mean [95 % interval]\n")
    print(table(["target", "images", "method", "KID", "FID", "copying", "coverage"], rows))


if __name__ == "__main__":
    main()
