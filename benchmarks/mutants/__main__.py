"""Change the code in one place at a time, and count how many changes the tests notice.

    python -m benchmarks.mutants                    # 300 mutants of a seeded sample; resumable
    python -m benchmarks.mutants --workers 2        # in two processes
    python -m benchmarks.mutants --again            # those that survived, once more
    python -m benchmarks.mutants --list             # the sample, and nothing run
    python -m benchmarks.mutants --paths gan_lab/terms/gradient.py --sample 40

Python files are changed by cosmic-ray's operators, those of conf/ by a few of our own. Each mutant
is run against every default test that reaches its line, in a copy of the repository, and killed by
the first that fails. Results are added to FOLDER/results.jsonl as they come; a mutant whose file
has not changed since is not run again.
"""

import argparse
import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

from benchmarks.mutants.laboratory import Laboratory
from benchmarks.mutants.mutant import Mutant, sampled
from benchmarks.mutants.python import ROOMS, python_sites
from benchmarks.mutants.yaml import GROUPS, yaml_sites

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run what is missing and print score and survivors."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sample", type=int, default=300, help="mutants, a fifth of them of conf/")
    parser.add_argument("--folder", type=Path, default=Path("outputs/mutants"))
    parser.add_argument("--paths", nargs="+", help="of these files alone")
    parser.add_argument("--tests", nargs="+", default=["tests"], help="those that may notice")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--again", action="store_true", help="run survivors again")
    parser.add_argument("--list", action="store_true", help="print the sample")
    arguments = parser.parse_args()
    sample = drawn(arguments)
    if arguments.list:
        for one in sample:
            print(f"{one.path}:{one.line} {one.operator}\n  - {one.before}\n  + {one.after}")
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    file = arguments.folder / "results.jsonl"
    results = read(file, keep_survivors=not arguments.again)
    missing = [one for one in sample if one.key not in results]
    if missing:
        preload()
        count, context = arguments.workers, multiprocessing.get_context("fork")
        laboratories = [Laboratory(ROOT, arguments.folder, number) for number in range(count)]
        for laboratory in laboratories:
            laboratory.learn(arguments.tests)
        workers = [
            context.Process(target=attempt, args=(laboratory, missing[number::count], file))
            for number, laboratory in enumerate(laboratories)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        results = read(file, keep_survivors=True)
        if any(one.key not in results for one in missing):
            raise SystemExit("not every mutant was tried: run the command again")
    print(report([results[one.key] for one in sample], arguments.seed))


def attempt(laboratory: Laboratory, mutants: list[Mutant], file: Path) -> None:
    """Try a worker's mutants, and add each result to the file."""
    for number, one in enumerate(mutants, start=1):
        result = laboratory.attempt(one)
        facts = {
            **{"key": one.key, "path": one.path, "line": one.line, "operator": one.operator},
            **{"before": one.before.strip(), "after": one.after.strip()},
            **vars(result),
        }
        with file.open("a") as lines:
            lines.write(json.dumps(facts, ensure_ascii=False) + "\n")
        line = f"[{number}/{len(mutants)}] {result.outcome} {one.path}:{one.line} {result.by}"
        print(line, file=sys.stderr, flush=True)


def drawn(arguments: argparse.Namespace) -> list[Mutant]:
    """Return the seed's sample of mutants, four fifths of Python and the rest of conf/."""
    files = [p for room in ROOMS for p in sorted((ROOT / "gan_lab" / room).glob("*.py"))]
    files += [p for group in GROUPS for p in sorted((ROOT / "conf" / group).rglob("*.yaml"))]
    texts = {p.relative_to(ROOT).as_posix(): p.read_text() for p in files}
    if arguments.paths:
        texts = {path: text for path, text in texts.items() if path in arguments.paths}
    choices = {
        folder.name: sorted(path.stem for path in folder.glob("*.yaml"))
        for folder in (ROOT / "conf").iterdir()
    }
    count, seed = arguments.sample, arguments.seed
    yaml = sampled(
        yaml_sites(texts, choices), count if arguments.paths else count // 5, seed, texts
    )
    return sampled(python_sites(texts), count - len(yaml), seed, texts) + yaml


def read(file: Path, keep_survivors: bool) -> dict[str, dict[str, Any]]:
    """Return results by key; of the same mutant the last."""
    lines = file.read_text().splitlines() if file.exists() else []
    found = {facts["key"]: facts for facts in map(json.loads, lines)}
    return {
        key: facts
        for key, facts in found.items()
        if keep_survivors or facts["outcome"] != "survived"
    }


def report(results: list[dict[str, Any]], seed: int) -> str:
    """Return the score by room, and the survivors."""
    rooms: dict[str, list[bool]] = {}
    for facts in results:
        room = "/".join(Path(facts["path"]).parts[:2])
        rooms.setdefault(room, []).append(facts["outcome"] != "survived")
    everything = [noticed for room in rooms.values() for noticed in room]
    lines = [f"| seed {seed} | mutants | killed | score |", "|---|---|---|---|"]
    for room, noticed in [*sorted(rooms.items()), ("all", everything)]:
        score = f"{sum(noticed) / len(noticed):.1%}"
        lines.append(f"| {room} | {len(noticed)} | {sum(noticed)} | {score} |")
    for facts in results:
        if facts["outcome"] == "survived":
            where = f"{facts['path']}:{facts['line']}"
            lines.append(f"\n{where} {facts['operator']} (of {facts['tests']} tests)")
            lines += [f"  - {facts['before']}", f"  + {facts['after']}"]
    return "\n".join(lines)


def preload() -> None:
    """Import what every test needs and no mutant changes, so that each child needs not."""
    import hydra  # noqa: F401
    import matplotlib.pyplot
    import prdc  # noqa: F401
    import pytest  # noqa: F401
    import pytorch_lightning  # noqa: F401
    import scipy.stats  # noqa: F401
    import sklearn  # noqa: F401
    import torch
    import torch.utils.tensorboard
    import torchmetrics  # noqa: F401
    import torchvision  # noqa: F401

    matplotlib.pyplot.switch_backend("agg")
    torch.set_num_threads(1)  # a fork must not lose threads that wait for work


if __name__ == "__main__":
    main()
