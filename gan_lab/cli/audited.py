"""What attacks on a run came to, as a table, as JSON and as pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from gan_lab.files import written_whole

if TYPE_CHECKING:
    from torch import Tensor

    from gan_lab.data import DataModule
    from gan_lab.metrics import Attack


def told(
    config: DictConfig,
    attacks: list[Attack],
    reasons: list[str],
    account: tuple[float, float],
    count: int,
    content: Mapping[str, Any],
) -> dict[str, Any]:
    """Print the table and return what audit.json holds."""
    from rich.console import Console
    from rich.table import Table

    from gan_lab.callbacks.provenance import PROVENANCE_KEY
    from gan_lab.metrics.membership import FALSE_POSITIVES, most_accuracy, most_separation
    from gan_lab.metrics.membership import most_true_positives as most

    private = math.isfinite(account[0])
    bound = {
        "auc": most_separation(*account),
        "tpr": float(most(FALSE_POSITIVES, *account)),
        "accuracy": most_accuracy(*account),
    }
    table = Table(title=f"{count} members against {count} others")
    for heading in ("attack", "AUC", "95 %", f"TPR at {FALSE_POSITIVES:.1%} FPR", "95 %", "best"):
        table.add_column(heading, justify="left" if heading == "attack" else "right")
    for a in attacks:
        spans = ["{:.3f} to {:.3f}".format(*x) for x in (a.auc_interval, a.tpr_interval)]
        table.add_row(
            a.name, f"{a.auc:.3f}", spans[0], f"{a.tpr:.4f}", spans[1], f"{a.accuracy:.3f}"
        )
    name = f"at most, ε = {account[0]:.3g}, δ = {account[1]:.0e}" if private else "at most, no ε"
    table.add_row(
        name, f"{bound['auc']:.3f}", "", f"{bound['tpr']:.4f}", "", f"{bound['accuracy']:.3f}"
    )
    console = Console(soft_wrap=True)
    console.print(table)
    for reason in reasons:
        console.print(reason, style="dim")
    return {
        "source": str(config.checkpoint),
        "records": count,
        "num_samples": config.num_samples,
        "reference": None if config.reference is None else str(config.reference),
        "seed": config.seed,
        "attacks": {
            a.name: {
                "auc": a.auc,
                "auc_interval": list(a.auc_interval),
                "tpr": a.tpr,
                "tpr_interval": list(a.tpr_interval),
                "accuracy": a.accuracy,
            }
            for a in attacks
        },
        "false_positive_rate": FALSE_POSITIVES,
        "left_out": reasons,
        "epsilon": account[0] if private else None,
        "delta": account[1] if private else None,
        "bound": bound if private else None,
        "provenance": content.get(PROVENANCE_KEY),
    }


def drawn(attacks: list[Attack], account: tuple[float, float], folder: Path) -> list[Path]:
    """Draw the attacks' curves and the bound, on axes that show small rates, into roc.png."""
    import torch
    from matplotlib.figure import Figure

    from gan_lab.metrics.membership import most_true_positives

    figure = Figure(figsize=(5, 4.5), layout="constrained")
    axes = figure.add_subplot(xscale="log", yscale="log", xlim=(1e-4, 1), ylim=(1e-4, 1))
    for a in attacks:
        axes.plot(*a.curve.clamp(min=1e-5).tolist(), label=f"{a.name} (AUC {a.auc:.3f})")
    rates = torch.logspace(-4, 0, 200, dtype=torch.float64)
    axes.plot(rates, rates, color="#999999", linestyle=":", label="guessing")
    if math.isfinite(account[0]):
        most = most_true_positives(rates, *account)
        axes.plot(rates, most, color="#222222", linestyle="--", label=f"ε = {account[0]:.3g}")
    axes.set(xlabel="false-positive rate", ylabel="true-positive rate", title="Membership")
    axes.legend(loc="lower right")
    path = folder / "roc.png"
    with written_whole(path) as file:
        figure.savefig(file, format="png", dpi=120)
    return [path]


def panel(data: DataModule, made: Tensor, count: int, folder: Path) -> list[Path]:
    """Draw the generated samples that are nearest to a training sample into copies.png."""
    import torch

    from gan_lab.callbacks.neighbours import neighbour_panel
    from gan_lab.media.files import save_png
    from gan_lab.metrics import nearest
    from gan_lab.metrics.reference import in_batches

    if data.medium.name != "image":
        return []
    least = torch.full((len(made),), math.inf, dtype=torch.float64)
    for batch in in_batches(data.train.images, 5000):
        train = data.medium.to_float(batch).flatten(1)
        least = torch.minimum(least, nearest(made.flatten(1), train)[0][:, 0])
    chosen = made[least.argsort()[:count]]
    path = folder / "copies.png"
    save_png(neighbour_panel(chosen, data.train.images, 5), path)
    return [path]


def write(report: Mapping[str, Any], folder: Path) -> Path:
    """Write audit.json, whole or not at all."""
    path = folder / "audit.json"
    with written_whole(path) as file:
        file.write((json.dumps(report, indent=2, allow_nan=False) + "\n").encode())
    return path
