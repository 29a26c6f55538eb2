"""The figure that runs are compared by, and where it is read."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gan_lab.errors import LabError
from gan_lab.run.folder import RunFolder, read_rows
from gan_lab.run.shared import known_figures, shared_figure

BETTER = {
    "fid": "lower",
    "kid": "lower",
    "inception_score": "higher",
    "precision": "higher",
    "recall": "higher",
    "density": "higher",
    "coverage": "higher",
    "psnr": "higher",
    "ssim": "higher",
    "ms_ssim": "higher",
    "pixel_agreement": "higher",
    "absolute_error": "lower",
    "feature_distance": "lower",
    "class_accuracy": "higher",
    "target_accuracy": "higher",
    "cycle_error": "lower",
}
"""Which way a figure improves, by the part of its name before the slash; the usual one first."""


@dataclass(frozen=True)
class Metric:
    """The figure that is compared.

    Attributes:
        name: As summary.json has it.
        better: "lower" or "higher".
    """

    name: str
    better: str

    @property
    def sign(self) -> int:
        """What makes larger values better."""
        return 1 if self.better == "higher" else -1

    def last(self, run: RunFolder) -> float | None:
        """Return a run's value at its end."""
        return number(run.summary.get("final", {}).get(self.name))

    def best(self, run: RunFolder) -> float | None:
        """Return the value of a run's best weights, or the best point of its curve."""
        measured = number(run.summary.get("best", {}).get(self.name))
        if measured is not None:
            return measured
        values = [value for _, value in curve(run, self.name)]
        return max(values, key=lambda value: self.sign * value) if values else None


def number(value: object) -> float | None:
    """Return ``value`` as a finite float, or None."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]


def curve(run: RunFolder, name: str) -> list[tuple[int, float]]:
    """Return a run's points (step, value) of one column of metrics.csv."""
    points = []
    for row in read_rows(run.path):
        try:
            value = number(float(row.get(name) or "nan"))
            step = int(row["step"])
        except (KeyError, ValueError) as error:
            raise LabError(f"{run.path / 'metrics.csv'} is damaged: {error}") from error
        if value is not None:
            points.append((step, value))
    return points


def choose_metric(runs: Sequence[RunFolder], name: str | None, better: str | None) -> Metric:
    """Return the figure to compare: the one asked for, FID, or the first whose direction is known.

    Raises:
        LabError: If no run has it, it means several, or which way is better is not known.
    """
    known = known_figures(runs)
    if name is None:
        directed = [key for key in known if key.partition("/")[0] in BETTER]
        if not directed:
            raise LabError(
                "give metric=NAME better=lower (or higher); "
                f"the runs have {', '.join(known) or 'no figures yet'}"
            )
        families = [key.partition("/")[0] for key in directed]
        name = next(iter(BETTER)) if next(iter(BETTER)) in families else families[0]
    name = shared_figure(name, runs)
    direction = better or BETTER.get(name.partition("/")[0])
    if direction not in ("lower", "higher"):
        raise LabError(f"say which way {name} improves: better=lower or better=higher")
    return Metric(name, direction)
