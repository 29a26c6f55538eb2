"""Try changed checkpoints and mistyped command lines, and count what came of them.

    python -m benchmarks.fuzz                          # 300 checkpoints, 200 command lines
    python -m benchmarks.fuzz --only checkpoints-17    # one again, with all that it printed

No trial may end in a traceback, hang, take more than 4 GB, start a program or touch a file outside
its output folder. What did is kept in FOLDER/failures, a folder each. Exit status 1 tells of any.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.fuzz import bases, checkpoints, hostile, lines
from benchmarks.fuzz.trial import FAILURES, Outcome, Trial, attempt, clear


def main() -> None:
    """Run the trials and print the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoints", type=int, default=300)
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=Path("outputs/fuzz"))
    parser.add_argument("--only", help="one trial, by its name")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        laboratory = Laboratory(Path(scratch), arguments.seed)
        if arguments.only:
            kind, _, index = arguments.only.rpartition("-")
            trial = laboratory.trial(kind, int(index))
            print(trial.what, trial.command, *trial.arguments, sep="\n  ")
            print(laboratory.attempt(trial))
            print(laboratory.printed)
            return
        counts = {"checkpoints": arguments.checkpoints, "lines": arguments.lines}
        tally = Counter[tuple[str, str]]()
        for number, (kind, trial, outcome) in enumerate(laboratory.run(counts), start=1):
            tally[kind, outcome.category] += 1
            if sys.stderr.isatty():
                print(f"\r{number} of {sum(counts.values())}", end="", file=sys.stderr, flush=True)
            if outcome.category in FAILURES:
                keep(arguments.folder, trial, outcome, laboratory.printed)
                line = f"{trial.name} {outcome.category}: {outcome.detail}\n    {trial.what}"
                print(line, flush=True)
    print(table(tally, counts, arguments.seed))
    sys.exit(any(tally[kind, category] for kind in counts for category in FAILURES))


class Laboratory:
    """Where trials are made: everything imported once, sound runs, and a folder to guard."""

    def __init__(self, scratch: Path, seed: int) -> None:
        import torch

        from gan_lab import evaluate, export, sample, train

        preload()
        torch.set_num_threads(1)  # a fork must not lose threads that wait for work
        self.seed = seed
        self.entries = {"train": train, "sample": sample, "evaluate": evaluate, "export": export}
        self.scratch = scratch.resolve()
        self.strange = self.scratch / "strange"
        self.lay_out()
        sys.path.append(str(self.strange))
        sys.dont_write_bytecode = True
        self.printed = ""

    def lay_out(self) -> None:
        """Make what no trial may change: files of others, and sound runs."""
        clear(self.strange)
        hostile.lay_out(self.strange)
        self.runs = bases.make(self.strange / "bases")

    def trial(self, kind: str, index: int) -> Trial:
        """Return a trial of a kind, "checkpoints" or "lines"."""
        if kind == "lines":
            return lines.trial(self.seed, index, self.runs)
        return checkpoints.trial(self.seed, index, self.runs, self.strange)

    def attempt(self, trial: Trial) -> Outcome:
        """Make a trial in a folder of its own, which is removed again."""
        place = self.scratch / "trial"
        clear(place)
        outcome = attempt(trial, self.entries, place, self.strange)
        printed = place / "printed.txt"
        self.printed = printed.read_text(errors="replace") if printed.exists() else ""
        clear(place)
        if outcome.category == "overwritten":  # so that the next trial is not blamed
            self.lay_out()
        return outcome

    def run(self, counts: dict[str, int]) -> Iterator[tuple[str, Trial, Outcome]]:
        """Make as many trials of each kind as asked for."""
        for kind, count in counts.items():
            for index in range(count):
                trial = self.trial(kind, index)
                yield kind, trial, self.attempt(trial)


def preload() -> None:
    """Import what the entry points import late, so that each child needs not."""
    import matplotlib.pyplot  # noqa: F401
    import pytorch_lightning  # noqa: F401
    import safetensors.torch  # noqa: F401
    import tensorboard  # noqa: F401
    import torch.utils.tensorboard  # noqa: F401
    import torchmetrics  # noqa: F401

    import gan_lab.callbacks
    import gan_lab.cli.announce
    import gan_lab.cli.table
    import gan_lab.data
    import gan_lab.engine.trainer
    import gan_lab.game
    import gan_lab.losses
    import gan_lab.metrics
    import gan_lab.models
    import gan_lab.tasks
    import gan_lab.terms  # noqa: F401


def keep(folder: Path, trial: Trial, outcome: Outcome, printed: str) -> None:
    """Write down a failure so that it can be looked at and made again."""
    place = folder / "failures" / trial.name
    place.mkdir(parents=True, exist_ok=True)
    facts = {
        "category": outcome.category,
        "detail": outcome.detail,
        "what": trial.what,
        "command": trial.command,
        "arguments": trial.arguments,
        "seconds": round(outcome.seconds, 1),
        "peak_gb": round(outcome.peak_bytes / 2**30, 2),
    }
    (place / "trial.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    (place / "printed.txt").write_text(printed)
    if trial.file is not None:
        (place / "model.ckpt").write_bytes(trial.file)


def table(tally: Counter[tuple[str, str]], counts: dict[str, int], seed: int) -> str:
    """Return the counts by category as a Markdown table."""
    categories = "accepted", "refused", *FAILURES
    rows = [
        f"| {kind} | {count} | {' | '.join(str(tally[kind, name]) for name in categories)} |"
        for kind, count in counts.items()
    ]
    head = f"| seed {seed} | trials | {' | '.join(categories)} |"
    return "\n".join([head, "|---" * (len(categories) + 2) + "|", *rows])


if __name__ == "__main__":
    main()
