"""Whole processes against each other: a copied script and gan_lab, from the command to the prompt.

    python -m benchmarks.whole                        # one and five epochs of mlp_wide, five times
    python -m benchmarks.whole --epochs 1 --repeats 3

Both make as many steps; TensorBoard, curves, grids and checkpoints of gan_lab are on, and nothing
is measured while it trains (callbacks.evaluation=null). The copied script writes nothing but its
losses. The two take turns, so that whatever else the machine does falls on both.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.contender import script
from benchmarks.run import machine
from benchmarks.setting import ROOT, Setting, data_root


def main() -> None:
    """Time both, print the table, keep the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", choices=["mlp", "mlp_wide", "dcgan"], default="mlp_wide")
    parser.add_argument("--epochs", nargs="+", type=int, default=[1, 5])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--precision", choices=["32-true", "bf16-mixed", "auto"], default="auto")
    parser.add_argument("--root", type=data_root, default=ROOT)
    parser.add_argument("--output", type=Path, default=Path("outputs/benchmarks/whole.json"))
    arguments = parser.parse_args()
    setting = Setting(arguments.model, precision=arguments.precision)
    result: dict[str, Any] = {"machine": machine(), "setting": setting.as_dict(), "seconds": {}}
    for epochs in arguments.epochs:
        steps = epochs * (setting.data_size // setting.batch)
        seconds: dict[str, list[float]] = {"plain": [], "gan_lab": []}
        for _ in range(arguments.repeats):
            seconds["plain"].append(plain(setting, arguments.root, steps))
            seconds["gan_lab"].append(lab(setting, arguments.root, steps))
            print(f"{epochs} epochs: {json.dumps(seconds)}", file=sys.stderr, flush=True)
        result["seconds"][epochs] = seconds
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=1) + "\n")
    print(table(result["seconds"]))
    for key, value in result["machine"].items():
        print(f"- {key}: {value}")


def plain(setting: Setting, root: Path, steps: int) -> float:
    """Return the seconds of the copied script's process."""
    commands, write = os.pipe()
    os.write(write, f"{steps}\n".encode())  # and the end of the file: it ends by itself
    os.close(write)
    with open(os.devnull, "wb") as nowhere:
        ends = commands, nowhere.fileno()
        try:
            return timed(script("plain", setting, root)(*ends), ends)
        finally:
            os.close(commands)


def lab(setting: Setting, root: Path, steps: int) -> float:
    """Return the seconds of ``python -m gan_lab.train``."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["callbacks.evaluation=null", f"data.root={root}", f"trainer.max_steps={steps}"]
        command = [sys.executable, "-m", "gan_lab.train", *setting.overrides, *options]
        return timed([*command, f"hydra.run.dir={folder}/run"])


def timed(command: list[str], descriptors: tuple[int, ...] = ()) -> float:
    """Return how long a process takes from its start to its end."""
    started = time.perf_counter()
    subprocess.run(command, pass_fds=descriptors, capture_output=True, check=True)
    return time.perf_counter() - started


def table(seconds: dict[int, dict[str, list[float]]]) -> str:
    """Return medians, ranges and ratios as Markdown; a ratio is of two neighbouring runs."""
    lines = ["| epochs | plain s | gan_lab s | times as fast |", "|---|---|---|---|"]
    for epochs, measured in seconds.items():
        ratios = [a / c for a, c in zip(measured["plain"], measured["gan_lab"], strict=True)]
        cells = [shown(measured[name], 1) for name in ("plain", "gan_lab")]
        lines.append(f"| {epochs} | {' | '.join(cells)} | **{shown(ratios, 2)}** |")
    return "\n".join(lines)


def shown(values: list[float], digits: int) -> str:
    """Return the median of values and their range."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


if __name__ == "__main__":
    main()
