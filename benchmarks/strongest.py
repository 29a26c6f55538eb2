"""Which pair is the strongest under one budget of seconds, with the class and without.

    python -m benchmarks.strongest                    # five seeds of a minute each
    python -m benchmarks.strongest --kinds conditional --seconds 120 --seeds 6

A short run tells how many steps of a recipe fit into the seconds, so that rates that fall to 0 do
so within them. Everyone keeps an average of the generator, by which all are judged; the verdict is
that of ``python -m gan_lab.report``, which names none of fewer than five seeds.
"""

import subprocess
import sys
from pathlib import Path

from benchmarks.jobs import arguments, summary_of, train

RECIPES = {
    "unconditional": {
        "default": [],
        "dcgan": ["experiment=dcgan"],
        "r3gan": ["experiment=r3gan", "model.width=16"],  # else 39 steps a minute
        "sagan": ["experiment=sagan"],
        "fastgan": ["experiment=fastgan"],
        "stylegan2": ["experiment=stylegan2"],
    },
    "conditional": {
        "cgan": ["experiment=cgan"],
        "acgan": ["experiment=acgan"],
        "msgan": ["experiment=msgan"],
        "biggan": ["experiment=biggan"],
    },
}
AVERAGED = "callbacks.ema.decay=0.998"
JUDGED = "fid/mnist_classifier_10000_ema"


def main() -> None:
    """Run what is missing, then print what the report says of each kind."""
    parser = arguments(__doc__ or "", "outputs/results/strongest", seeds=5)
    parser.add_argument("--seconds", type=float, default=60.0, help="of training, for each run")
    parser.add_argument("--kinds", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    given = parser.parse_args()
    for kind in given.kinds:
        for name, recipe in RECIPES[kind].items():
            common = [*recipe, AVERAGED, *given.overrides]
            for seed in range(0 if given.table_only else given.seeds):
                steps = affordable(given.folder / "pace" / name, common, given.seconds)
                train(
                    given.folder / kind / f"{name}-{seed}",
                    [
                        *(*common, f"seed={seed}", f"trainer.max_steps={steps}"),
                        "callbacks.evaluation.every_n_steps=1000000",
                        "callbacks.evaluation.final_num_samples=10000",
                    ],
                )
        report = given.folder / f"report_{kind}"
        command = ["gan_lab.report", f"runs={given.folder / kind}", f"metric={JUDGED}"]
        subprocess.run([sys.executable, "-m", *command, f"output={report}"], check=True)
        print((report / "report.md").read_text())


def affordable(folder: Path, overrides: list[str], seconds: float) -> int:
    """Return how many steps of a recipe fit into some seconds, by a run of a few."""
    quiet = ["callbacks.evaluation=null", "callbacks.nearest_neighbours=null"]
    train(folder, [*overrides, "trainer.max_steps=200", *quiet])
    summary = summary_of(folder)
    return max(1, round(seconds * summary["steps"] / summary["wall_time_s"]))


if __name__ == "__main__":
    main()
