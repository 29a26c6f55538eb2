"""What the adversary does to a policy that likelihood has taught: the table of docs/media.md.

    python -m benchmarks.sequences outputs/media/seqgan_* outputs/media/gumbel_*

Every folder is a run of experiment=seqgan or experiment=gumbel. Of each oracle the table tells its
entropy, uniform tokens, the policy at the end of the likelihood phase (from metrics.csv) and at the
end of the run; and what the adversary changed, run by run, with the paired t-test that it changed
anything.
"""

import csv
import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml
from scipy.stats import ttest_rel

from benchmarks.tables import of_runs
from gan_lab.data import OracleDataModule
from gan_lab.run.folder import read_summary

FIGURES = "nll_oracle", "nll_test", "bleu_3", "self_bleu_3", "distinct_2"


def main() -> None:
    """Read the command line and print the table."""
    arguments = of_runs(__doc__).parse_args()
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    before: dict[str, list[dict[str, float]]] = defaultdict(list)
    truths: dict[str, dict[str, float]] = {}
    for run in arguments.runs:
        config = yaml.safe_load((run / ".hydra" / "config.yaml").read_text())
        seed, kind = config["seed"], "policy gradient" if "reward" in config["terms"] else "gumbel"
        oracle_facts = {k: v for k, v in config["data"].items() if k != "_target_"}
        key = json.dumps(oracle_facts | {"seed": seed}, sort_keys=True)
        if key not in truths:
            truths[key] = truth(oracle_facts | {"seed": seed})
        curves = read_curves(run)
        learnt = at_step(curves, config["phases"]["likelihood"]["steps"])
        before[kind].append(learnt)
        rows["likelihood"].append(learnt)
        rows[kind].append(at_step(curves, read_summary(run)["steps"]))
    for name in ("entropy", "uniform tokens"):
        print(f"| {name} | {told([t[name] for t in truths.values()])} |")
    print(f"| | {' | '.join(FIGURES)} |")
    for kind, found in rows.items():
        cells = [told([row[figure] for row in found if figure in row]) for figure in FIGURES]
        print(f"| {kind} ({len(found)} runs) | {' | '.join(cells)} |")
    for kind, found in before.items():
        cells = [changed(found, rows[kind], figure) for figure in FIGURES]
        print(f"| {kind} less likelihood | {' | '.join(cells)} |")


def truth(facts: dict[str, Any]) -> dict[str, float]:
    """Return what an oracle's own sequences and uniform tokens have, in nats a token."""
    data = OracleDataModule(**facts)
    data.setup("fit")
    entropy = -float(data.oracle.log_probabilities(data.test.images).mean())
    return {"entropy": entropy, "uniform tokens": data.oracle.uniform()}


def read_curves(run: Path) -> list[dict[str, str]]:
    """Return the rows of a run's metrics.csv."""
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def at_step(curves: list[dict[str, str]], step: int) -> dict[str, float]:
    """Return the figures of the last evaluation up to a step, the one of most samples."""
    found: dict[str, float] = {}
    for row in curves:
        if int(row["step"]) > step:
            break
        for name, value in row.items():
            figure = name.partition("/")[0]
            if figure in FIGURES and value:
                found[figure] = float(value)
    return found


def changed(before: list[dict[str, float]], after: list[dict[str, float]], figure: str) -> str:
    """Return the mean change of a figure, run by run, and how likely so much is by chance."""
    pairs = [
        (old[figure], new[figure])
        for old, new in zip(before, after, strict=True)
        if figure in old and figure in new
    ]
    cell = told([new - old for old, new in pairs])
    if len(pairs) < 2:
        return cell
    old, new = zip(*pairs, strict=True)
    return f"{cell} (p {ttest_rel(new, old).pvalue:.2g})"


def told(values: list[float]) -> str:
    """Return the mean, and the standard deviation of several."""
    if not values:
        return "–"
    spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.3f}{spread}"


if __name__ == "__main__":
    main()
