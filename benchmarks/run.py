"""Steps per second of gan_lab, a plain script and a tuned loop, side by side: ``make bench``.

    python -m benchmarks.run                                          # all of it, an hour or two
    python -m benchmarks.run --models mlp --losses wgan --batches 64 --repeats 3 --seconds 1

The three programs of a cell start together and then take turns, window by window, each stopped
while another runs, so that whatever else the machine does falls on all alike. Figures are medians
over the windows, with the smallest and the largest. Results go to one JSON file; --report prints
a file's table again.
"""

import argparse
import itertools
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.contender import NAMES, Contender, named
from benchmarks.setting import ROOT, Setting, data_root

MODELS = "mlp", "mlp_wide", "dcgan"
LOSSES = "non_saturating", "wgan", "wgan_gp"
BATCHES = 64, 256, 1024
PRECISIONS = "32-true", "bf16-mixed"
Cell = dict[str, Any]


def main() -> None:
    """Measure what is asked for, write JSON after every cell, print the table, draw the plot."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no contender is left behind
    arguments = parse()
    if arguments.report:
        print_report(json.loads(arguments.report.read_text()))
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    path = arguments.folder / "speed.json"
    result: dict[str, Any] = {"machine": machine(), "cells": []}
    for setting in settings(arguments):
        cell = measure(setting, arguments)
        result["cells"].append(cell)
        path.write_text(json.dumps(result, indent=1) + "\n")
        print(row(cell), flush=True)
    print()
    print_report(result)
    if not arguments.no_plot:
        from benchmarks.cost_plot import draw

        draw(result["cells"], arguments.folder / "cost.png")
    print(f"\n{path}")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    parser.add_argument("--losses", nargs="+", default=LOSSES, choices=LOSSES)
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES)
    parser.add_argument("--precisions", nargs="+", default=PRECISIONS, choices=PRECISIONS)
    parser.add_argument("--widths", nargs="*", type=int, default=[16, 64], help="more, of dcgan")
    parser.add_argument("--data-sizes", nargs="*", type=int, default=[6_000], help="more, of mlp")
    parser.add_argument("--no-copied", dest="copied", action="store_false", help="no dcgan_32")
    parser.add_argument("--contenders", nargs="+", default=NAMES, choices=NAMES)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of a window, at least")
    parser.add_argument("--root", type=data_root, default=ROOT)
    parser.add_argument("--folder", type=Path, default=Path("outputs/benchmarks"))
    parser.add_argument("--no-plot", action="store_true")
    parser.add_argument("--report", type=Path, help="print this file's table, measure nothing")
    return parser.parse_args()


def settings(arguments: argparse.Namespace) -> list[Setting]:
    """Return the cells: the whole grid, then other widths and data sizes at batch 64.

    Last comes dcgan at 32 pixels, beside the script that is copied most, with its own networks.
    """
    grid = itertools.product(
        arguments.models, arguments.losses, arguments.batches, arguments.precisions
    )
    cells = [Setting(m, loss, batch, precision=p) for m, loss, batch, p in grid]
    if "dcgan" in arguments.models:
        cells += [Setting("dcgan", width=width) for width in arguments.widths]
    if "mlp" in arguments.models:
        cells += [Setting("mlp", data_size=size) for size in arguments.data_sizes]
    if arguments.copied:
        cells += [Setting("dcgan_32", precision=precision) for precision in arguments.precisions]
    return cells


def measure(setting: Setting, arguments: argparse.Namespace) -> Cell:
    """Let the contenders of one cell take turns."""
    runs = arguments.folder / "runs"
    contenders: list[Contender] = []
    windows: dict[str, list[dict[str, Any]]] = {name: [] for name in arguments.contenders}
    try:
        for name in arguments.contenders:
            command = named(name, setting, arguments.root, runs)
            contenders.append(Contender(name, command))
        steps = {c.name: window_steps(c, arguments.seconds) for c in contenders}
        for _ in range(arguments.repeats):
            for contender in contenders:
                windows[contender.name].append(contender.window(steps[contender.name]))
    finally:
        for contender in contenders:
            contender.stop()
    speeds = {n: [w["steps"] / w["seconds"] for w in found] for n, found in windows.items()}
    return {
        **setting.as_dict(),
        "contenders": {
            contender.name: {
                "startup_seconds": contender.startup,
                "steps_per_second": spread(speeds[contender.name]),
                "images_per_second": statistics.median(speeds[contender.name]) * setting.batch,
                "cpu_seconds_per_step": statistics.median(
                    w["cpu_seconds"] / w["steps"] for w in windows[contender.name]
                ),
                "resident_mib": windows[contender.name][-1]["resident_mib"],
                "gpu_mib": windows[contender.name][-1].get("gpu_mib"),
                "window_steps": steps[contender.name],
            }
            for contender in contenders
        },
        "ratios": {
            f"gan_lab/{other}": spread(
                [a / b for a, b in zip(speeds["gan_lab"], speeds[other], strict=True)]
            )
            for other in ("plain", "tuned")
            if {"gan_lab", other} <= set(speeds)
        },
    }


def window_steps(contender: Contender, seconds: float) -> int:
    """Warm up, and return how many steps fill a window.

    Fast programs get windows of whole multiples of 50 steps, or 500 where
    that is short: then each holds as many points of the curves, sample grids
    and checkpoints of gan_lab's as any other.
    """
    warm = contender.window(3)
    pace = warm["seconds"] / warm["steps"]
    if pace < 0.1:
        warm = contender.window(46)  # 50 with the first step and the three before
        pace = warm["seconds"] / warm["steps"]
    count = max(1, round(seconds / pace))
    unit = 500 if count >= 300 else 50 if count >= 30 else 1
    return max(1, round(count / unit)) * unit


def spread(values: list[float]) -> dict[str, float]:
    """Return the median, the smallest and the largest."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def machine() -> dict[str, Any]:
    """Say what was measured on, asked from a process that ends before anything is measured."""
    script = (
        "import torch; from gan_lab.callbacks.summary import processor_name as p; "
        "c = torch.cuda.is_available(); "
        "print(torch.cuda.get_device_name() if c else p()); print(torch.get_num_threads())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return {
        "device": answer[0],
        "threads": int(answer[1]),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "pytorch_lightning": version("pytorch-lightning"),
        "load_average": [round(load, 1) for load in os.getloadavg()],
    }


def row(cell: Cell) -> str:
    """Return a cell as a row of a Markdown table."""
    name = cell["model"] + ("" if cell["width"] == 32 else f" width {cell['width']}")
    name += "" if cell["data_size"] == 60_000 else f", {cell['data_size']} images"
    values = [name, cell["loss"], cell["batch"], cell["precision"]]
    for contender in NAMES:
        found = cell["contenders"].get(contender)
        if found is None:
            values += ["", ""]
            continue
        speed = found["steps_per_second"]
        values.append(f"{speed['median']:.1f} ({speed['min']:.1f}–{speed['max']:.1f})")
        values.append(f"{found['resident_mib']:.0f}")
    for other in ("plain", "tuned"):
        ratio = cell["ratios"].get(f"gan_lab/{other}")
        values.append("" if ratio is None else f"**{ratio['median']:.2f}**")
    if "gan_lab" in cell["contenders"]:
        values.append(f"{cell['contenders']['gan_lab']['images_per_second']:,.0f}")
    return "| " + " | ".join(map(str, values)) + " |"


def print_report(result: dict[str, Any]) -> None:
    """Print machine, table and start-up times as Markdown."""
    for name, value in result["machine"].items():
        print(f"- {name}: {value}")
    head = ["network", "loss", "batch", "precision"]
    head += [f"{n} {unit}" for n in NAMES for unit in ("steps/s", "MiB")]
    head += ["c/a", "c/b", "gan_lab images/s"]
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for cell in result["cells"]:
        print(row(cell))
    print("\nSeconds from the command to the end of the first step, median over cells:")
    for name in NAMES:
        found = [c["contenders"][name] for c in result["cells"] if name in c["contenders"]]
        if found:
            seconds = statistics.median(c["startup_seconds"] for c in found)
            print(f"- {name}: {seconds:.1f} s")


if __name__ == "__main__":
    main()
