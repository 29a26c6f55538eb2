"""Where curves go: TensorBoard and a CSV file, both in the run's folder and both resumable."""

import csv
import os
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger, TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only


class TensorBoard(TensorBoardLogger):
    """Lightning's TensorBoard logger, writing to ``run_dir/tensorboard``.

    Args:
        run_dir: The run's folder.
        first_step: The step a resumed run continues from; what an earlier
            attempt logged beyond it is hidden.
    """

    def __init__(self, run_dir: str | Path, first_step: int = 0) -> None:
        super().__init__(
            save_dir=str(run_dir),
            name="",
            version="tensorboard",
            default_hp_metric=False,
            purge_step=first_step + 1 if first_step else None,
        )


class MetricsCSV(Logger):
    """One row for each logged step in ``run_dir/metrics.csv``, columns added as they appear.

    Args:
        run_dir: The run's folder.
        first_step: The step a resumed run continues from; later rows of an
            earlier attempt are dropped.
    """

    def __init__(self, run_dir: str | Path, first_step: int = 0) -> None:
        super().__init__()
        self.path = Path(run_dir) / "metrics.csv"
        self._columns = ["step"]
        self._row: dict[str, Any] = {}
        if first_step and self.path.exists():
            self._rewrite(self._read(), last_step=first_step)

    @property
    def name(self) -> str:
        """Return a name for Lightning's sake."""
        return "csv"

    @property
    def version(self) -> str:
        """Return a version for Lightning's sake."""
        return ""

    @rank_zero_only
    def log_hyperparams(
        self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any
    ) -> None:
        """Do nothing: the composed configuration lies beside the file."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Add values to the row of ``step``; a row is written once the next one starts."""
        if self._row and self._row["step"] != step:
            self.save()
        self._row |= {"step": step, **metrics}

    @rank_zero_only
    def save(self) -> None:
        """Write the row at hand."""
        if not self._row:
            return
        fresh = [name for name in self._row if name not in self._columns]
        if fresh:
            rows = self._read() if self.path.exists() else []
            self._columns += fresh
            self._rewrite(rows)
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, self._columns).writerow(self._row)
        self._row = {}

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Write what is left."""
        self.save()

    def _read(self) -> list[dict[str, Any]]:
        with self.path.open(newline="") as file:
            reader = csv.DictReader(file)
            self._columns = list(dict.fromkeys([*self._columns, *(reader.fieldnames or [])]))
            return list(reader)

    def _rewrite(self, rows: list[dict[str, Any]], last_step: int | None = None) -> None:
        temporary = self.path.with_suffix(".tmp")
        with temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, self._columns)
            writer.writeheader()
            writer.writerows(
                row for row in rows if last_step is None or int(row["step"]) <= last_step
            )
        os.replace(temporary, self.path)
