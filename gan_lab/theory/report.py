"""A study's findings as a table, JSON, pictures and TensorBoard events."""

import json
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from PIL import Image
from rich.table import Table
from torch.utils.tensorboard import SummaryWriter

from gan_lab.theory.study import Findings, Value


def table(findings: Findings) -> Table:
    """Return the predictions beside the measurements."""
    result = Table(title=findings.title, title_justify="left", caption_justify="left")
    result.add_column("subject", overflow="fold")
    result.add_column("quantity", overflow="fold")
    for name in ("predicted", "measured", "difference"):
        result.add_column(name, justify="right", overflow="fold")
    subject = None
    for row in findings.rows:
        if subject not in (None, row.subject):
            result.add_section()
        shown = row.subject if row.subject != subject else ""
        subject = row.subject
        size = row.difference
        result.add_row(
            shown,
            row.quantity,
            words(row.predicted),
            words(row.measured),
            f"{size:.1e}" if isinstance(size, float) else words(size),
        )
    return result


def words(value: Value) -> str:
    """Return a value as the table shows it.

    >>> words(None), words(0.1114214821), words(0.5j), words(float("inf"))
    ('not known', '0.111421', '0.0000+0.5000i', 'inf')
    """
    if value is None:
        return "not known"
    if isinstance(value, str):
        return value
    if isinstance(value, complex):
        return f"{value.real:.4f}{value.imag:+.4f}i"
    return f"{value:.6g}"


def save(findings: Findings, folder: Path) -> list[Path]:
    """Write findings.json, every figure as PNG and SVG, animations as GIF, TensorBoard events.

    Returns:
        The JSON file and the pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "findings.json"]
    paths[0].write_text(json.dumps(findings.as_dict(), indent=1, allow_nan=False) + "\n")
    with SummaryWriter(str(folder / "tensorboard")) as writer:
        writer.add_text("notes", "\n\n".join(findings.notes) or findings.title)
        for row in findings.rows:
            for name, value in (("predicted", row.predicted), ("measured", row.measured)):
                if isinstance(value, int | float):
                    writer.add_scalar(f"{name}/{row.subject}/{row.quantity}", value, 0)
        steps = findings.curves.get("step", [])
        for name, curve in findings.curves.items():
            if name != "step":
                for step, value in zip(steps, curve, strict=False):
                    writer.add_scalar(f"curves/{name}", value, int(step))
        for name, figure in findings.figures.items():
            for ending in ("png", "svg"):
                paths.append(folder / f"{name}.{ending}")
                figure.savefig(paths[-1], dpi=130)
                figure.set_layout_engine("none")  # it stays as it was laid out
            with Image.open(folder / f"{name}.png") as picture:
                writer.add_image(name, np.asarray(picture.convert("RGB")), dataformats="HWC")
    for name, (first, *rest) in findings.animations.items():
        paths.append(folder / f"{name}.gif")
        first.save(paths[-1], save_all=True, append_images=rest, duration=70, loop=0)
    plt.close("all")
    return paths
