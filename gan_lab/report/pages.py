"""A comparison as a page, as Markdown and as CSV."""

import base64
import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

from gan_lab.files import written_whole
from gan_lab.report.comparison import Comparison, Group, described
from gan_lab.report.metric import number
from gan_lab.report.statistics import Description, Interval
from gan_lab.run.folder import RunFolder

WHICH = "last", "best"


def save_page(comparison: Comparison, plots: Sequence[Path], path: Path, template: str) -> None:
    """Write ``template`` filled with a comparison; in HTML, all that is shown is escaped.

    Args:
        comparison: What to tell.
        plots: PNG files, carried in the page itself.
        path: Of the page.
        template: The name of a file beside this one.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=jinja2.select_autoescape(["html.jinja"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"value": shown, "interval": shown_interval, "cell": cell}
    folder = path.parent
    text = environment.get_template(template).render(
        comparison=comparison,
        metric=comparison.metric,
        plots=[(plot.stem, data_uri(plot)) for plot in plots],
        samples=[(row.name, *sample(row.group)) for row in comparison.rows],
        runs=[(row.name, run) for row in comparison.rows for run in row.group.runs]
        + [(run.path.name, run) for run in comparison.damaged],
        link=lambda run: quote(os.path.relpath(run.path, folder)) + "/",
        last=comparison.metric.last,
    )
    with written_whole(path) as file:
        file.write(text.encode())


def save_table(comparison: Comparison, path: Path) -> None:
    """Write every figure of every group, one line for each, unrounded."""
    header = ["group", "metric", "which", "seeds", "failed", "unfinished"]
    header += ["mean", "standard_deviation", "interval_low", "interval_high", "interquartile_mean"]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in comparison.rows:
            group = row.group
            figures = described_figures(group)
            figures[comparison.metric.name, "last"] = row.last
            figures[comparison.metric.name, "best"] = row.best
            for (metric, which), d in sorted(figures.items()):
                interval = d.interval if d else None
                line = [row.name, metric, which, d.count if d else 0, group.failed]
                line += [group.unfinished, d.mean if d else None, d.deviation if d else None]
                line += [interval.low, interval.high] if interval else [None, None]
                writer.writerow([*line, d.interquartile_mean if d else None])


def described_figures(group: Group) -> dict[tuple[str, str], Description | None]:
    """Describe all that the summaries of a group's finished runs hold, last and best."""
    found = {}
    for which, key in zip(WHICH, ("final", "best"), strict=True):
        names = {name for run in group.finished for name in run.summary.get(key, {})}
        for name in names:
            values = [number(run.summary.get(key, {}).get(name)) for run in group.finished]
            found[name, which] = described(values)
    return found


def sample(group: Group) -> tuple[RunFolder | None, str | None]:
    """Return the first finished run that drew samples, and its last grid as a data URI."""
    for run in group.finished:
        grids = sorted((run.path / "samples").glob("step=*.png"))
        if grids:
            return run, data_uri(grids[-1])
    return None, None


def data_uri(path: Path) -> str:
    """Return a PNG file as an address that carries the picture itself."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def shown(value: Any) -> str:
    """Return a number in four digits, or a dash.

    >>> shown(12.345678), shown(None)
    ('12.35', '–')
    """
    return "–" if value is None else f"{value:.4g}"


def shown_interval(interval: Interval | None) -> str:
    """Return an interval in square brackets, or a dash.

    >>> shown_interval(Interval(1.0, 2.5))
    '[1, 2.5]'
    """
    return "–" if interval is None else f"[{interval.low:.4g}, {interval.high:.4g}]"


def cell(text: object) -> str:
    r"""Return text that cannot break out of a Markdown table's cell.

    >>> print(cell("a|b"))
    a\|b
    """
    plain = " ".join(str(text).split())
    for mark in "\\|<>[]*_`":
        plain = plain.replace(mark, f"\\{mark}")
    return plain
