"""Where curves go: TensorBoard and a CSV file, both in the run's folder and both resumable."""

import csv
import io
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pytorch_lightning import Trainer
from pytorch_lightning.loggers import Logger
from pytorch_lightning.utilities import rank_zero_only
from torch import Tensor
from torch.utils.tensorboard.summary import hparams

from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.run.events import EventLogger


@runtime_checkable
class ShowsPictures(Protocol):
    """A logger that can show pictures beside curves."""

    def log_picture(self, name: str, picture: Tensor, step: int) -> None:
        """Show a uint8 image (C, H, W)."""


def show_picture(trainer: Trainer, name: str, picture: Tensor) -> None:
    """Hand a uint8 image (C, H, W) to every logger of a run that can show it."""
    for logger in trainer.loggers:
        if isinstance(logger, ShowsPictures):
            logger.log_picture(name, picture, trainer.global_step)


class TensorBoard(EventLogger):
    """Lightning's TensorBoard logger, writing into the run's folder itself.

    TensorBoard calls a run by the folder its events are in, so that a sweep's are told apart by
    what varies: ``loss=wgan,seed=0``.

    Args:
        run_dir: The run's folder.
        first_step: The step a resumed run continues from; what an earlier
            attempt logged beyond it is hidden. Null for a new run.
    """

    def __init__(self, run_dir: str | Path, first_step: int | None = None) -> None:
        super().__init__(
            save_dir=str(run_dir),
            name="",
            version="",
            default_hp_metric=False,
            purge_step=None if first_step is None else first_step + 1,
        )

    @property
    def log_dir(self) -> str:
        """Return the run's folder as it is named, where Lightning would put variables in."""
        return self._root_dir

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Add points to curves, under the names that TensorBoard shows."""
        super().log_metrics({tag(name): value for name, value in metrics.items()}, step)

    @rank_zero_only
    def log_outcome(self, hyperparameters: Mapping[str, Any], figures: Sequence[str]) -> None:
        """Show hyperparameters beside the last points of curves, which are not logged again.

        Args:
            hyperparameters: Flat scalars.
            figures: Names of curves, in the order of HParams' columns.
        """
        plain = bool, int, float, str
        shown = {k: v if isinstance(v, plain) else str(v) for k, v in hyperparameters.items()}
        for summary in hparams(shown, dict.fromkeys(map(tag, figures))):  # type: ignore[no-untyped-call]
            self.experiment.file_writer.add_summary(summary)

    @rank_zero_only
    def save(self) -> None:
        """Write what is buffered; hyperparameters lie in ``.hydra`` already."""
        self.experiment.flush()

    @rank_zero_only
    def log_picture(self, name: str, picture: Tensor, step: int) -> None:
        """Show a uint8 image (C, H, W) at its step."""
        self.experiment.add_image(name, picture, step)


def tag(name: str) -> str:
    """Return what a curve is called in TensorBoard, which sorts capitals first.

    >>> tag("fid/mnist_classifier_10000"), tag("loss/generator")
    ('FID/mnist_classifier_10000', 'loss/generator')
    """
    return f"FID/{name[4:]}" if name.startswith("fid/") else name


class MetricsCSV(Logger):
    """One row for each logged step in ``run_dir/metrics.csv``, columns added as they appear.

    Args:
        run_dir: The run's folder.
        first_step: The step a resumed run continues from; later rows of an
            earlier attempt are dropped. Null for a new run.
    """

    def __init__(self, run_dir: str | Path, first_step: int | None = None) -> None:
        super().__init__()
        self.path = Path(run_dir) / "metrics.csv"
        self._columns = ["step"]
        self._row: dict[str, Any] = {}
        self._row_start = 0
        if first_step is not None and self.path.exists():
            self._go_on(first_step)

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
            self._row, self._row_start = {}, self.path.stat().st_size
        self._row |= {"step": step, **metrics}

    @rank_zero_only
    def save(self) -> None:
        """Write the row at hand, which may grow and be written anew."""
        if not self._row:
            return
        fresh = [name for name in self._row if name not in self._columns]
        if fresh or not self.path.exists():
            rows = self._read()[0] if self._row_start else []
            self._columns += fresh
            self._rewrite([row for row in rows if int(row["step"]) != self._row["step"]])
        try:
            with self.path.open("r+", newline="") as file:
                file.seek(self._row_start)
                file.truncate()
                csv.DictWriter(file, self._columns).writerow(self._row)
        except OSError as error:
            raise LabError(f"cannot write {self.path}: {error.strerror or error}") from error

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Write what is left."""
        self.save()

    @rank_zero_only
    def _go_on(self, first_step: int) -> None:
        rows, self._columns = self._read()
        self._rewrite([row for row in rows if int(row["step"]) <= first_step])

    def _read(self) -> tuple[list[dict[str, str]], list[str]]:
        # A crash may have cut the last line short, and a shorter number would look sound.
        lines = [line for line in self.path.read_text().splitlines(keepends=True) if "\n" in line]
        reader = csv.DictReader(lines)
        return list(reader), list(reader.fieldnames or ["step"])

    def _rewrite(self, rows: list[dict[str, str]]) -> None:
        with written_whole(self.path) as file:
            text = io.TextIOWrapper(file, newline="", write_through=True)
            writer = csv.DictWriter(text, self._columns)
            writer.writeheader()
            writer.writerows(rows)
            text.detach()
        self._row_start = self.path.stat().st_size
