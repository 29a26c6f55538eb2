"""What a study is, and what it finds."""

import cmath
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from matplotlib.figure import Figure
from PIL.Image import Image

Value = float | complex | str | None
"""A number, a verdict in words, or None where theory has nothing to say."""


@dataclass(frozen=True)
class Row:
    """One prediction beside what the lab's own objects did.

    Attributes:
        subject: The loss, the method or the distributions.
        quantity: What was predicted, with its units.
        predicted: By theory; None where no closed form is known.
        measured: On the real classes.
    """

    subject: str
    quantity: str
    predicted: Value
    measured: Value

    @property
    def difference(self) -> float | str | None:
        """Return |measured - predicted|; 0 between equal infinities; "differs" between words."""
        if self.predicted is None or self.measured is None:
            return None
        if isinstance(self.predicted, str) or isinstance(self.measured, str):
            return "same" if self.predicted == self.measured else "differs"
        if self.predicted == self.measured:
            return 0.0
        if cmath.isinf(self.predicted) or cmath.isinf(self.measured):
            return math.inf
        return abs(self.measured - self.predicted)


@dataclass
class Findings:
    """What a study found.

    Attributes:
        title: The study in a few words.
        rows: Predictions and measurements.
        figures: By file name, without ending.
        animations: Frames by file name, without ending.
        curves: By name, values over the steps of ``curves["step"]``, where something evolved.
        notes: Sentences a reader needs.
    """

    title: str
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    animations: dict[str, list[Image]] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, subject: str, quantity: str, predicted: Value, measured: Value) -> None:
        """Append a row."""
        self.rows.append(Row(subject, quantity, predicted, measured))

    def as_dict(self) -> dict[str, Any]:
        """Return all but the pictures as JSON's types; infinities become "inf" and "-inf"."""
        rows = [
            {
                "subject": row.subject,
                "quantity": row.quantity,
                "predicted": plain(row.predicted),
                "measured": plain(row.measured),
                "difference": plain(row.difference),
            }
            for row in self.rows
        ]
        curves = {name: [plain(value) for value in curve] for name, curve in self.curves.items()}
        return {"title": self.title, "rows": rows, "curves": curves, "notes": self.notes}


class Study(ABC):
    """A question about GAN theory with everything that its answer depends on."""

    @abstractmethod
    def run(self) -> Findings:
        """Answer it on the real losses and regularizers."""


def plain(value: Value) -> Any:
    """Return ``value`` in JSON's types: a complex number as [real, imaginary].

    >>> plain(1 + 2j), plain(float("inf"))
    ([1.0, 2.0], 'inf')
    """
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else str(float(value))
    return value


def require_at_least(name: str, value: float, minimum: float) -> None:
    """Raise ValueError where ``value`` is below ``minimum``."""
    if not value >= minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
