"""Each digit left out of training, and told from the others: the table of anomalies.

python -m benchmarks.beyond.anomalies                # the real thing; again goes on
python -m benchmarks.beyond.anomalies --steps 20 --digits 0
"""

from benchmarks.jobs import arguments, figure, summary_of, table, told, train

SCORES = "f_anogan", "residual", "logits", "anogan"


def main() -> None:
    """Run what is missing and print the table."""
    parser = arguments(__doc__ or "", "outputs/results/anomalies", 2000)
    parser.set_defaults(seeds=1)
    parser.add_argument("--digits", type=int, nargs="+", default=list(range(10)))
    given = parser.parse_args()
    found: dict[int, list[list[float | None]]] = {}
    for digit in given.digits:
        runs = []
        for seed in range(given.seeds):
            folder = given.folder / f"{digit}-{seed}"
            overrides = [
                *("experiment=fanogan", f"data.leave_out=[{digit}]", f"seed={seed}"),
                *(f"trainer.max_steps={given.steps}", "trainer.precision=32-true"),
                *("callbacks.evaluation=null", "callbacks.nearest_neighbours=null"),
                *("callbacks.anomaly.projected=500", *given.overrides),
            ]
            runs.append(summary_of(folder) if given.table_only else train(folder, overrides))
        found[digit] = [[figure(run, f"anomaly/{score}") for run in runs] for score in SCORES]
    rows = [[str(d), *(told(v, 3) for v in values)] for d, values in found.items()]
    means = [[v for values in found.values() for v in values[k]] for k in range(len(SCORES))]
    rows.append(["mean over digits", *(told(values, 3) for values in means)])
    print(f"{given.steps:,} updates, {given.seeds} seed(s) each, area under the curve\n")
    print(table(["left out", "f-AnoGAN", "residual alone", "D's logits", "AnoGAN"], rows))


if __name__ == "__main__":
    main()
