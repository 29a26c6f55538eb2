"""TensorBoard's event files on a disk that may be full."""

import threading
from collections.abc import Mapping
from typing import Any

from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only

from gan_lab.errors import LabError


class EventLogger(TensorBoardLogger):
    """Lightning's TensorBoard logger, whose errors say where and in one line.

    A thread of TensorBoard's writes the events. What stops it is raised again by the next call
    that logs; the thread's own traceback, printed beside it, says nothing more.

    Args:
        options: As Lightning's logger takes.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        name_writers_errors(self.log_dir)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log values; see Lightning's logger.

        Raises:
            LabError: If the disk does not take them.
        """
        try:
            super().log_metrics(metrics, step)
        except ValueError as error:  # in which Lightning wraps whatever went wrong
            if isinstance(error.__cause__, OSError):
                reason = error.__cause__.strerror or error.__cause__
                raise LabError(f"cannot write {self.log_dir}: {reason}") from error
            raise

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Close the file, unless the disk is full, which was told by then."""
        try:
            super().finalize(status)
        except OSError:
            if status == "success":
                raise


def name_writers_errors(place: str) -> None:
    """Let errors of TensorBoard's threads name ``place``, and print no traceback of their own."""
    others = getattr(threading.excepthook, "others", threading.excepthook)

    def hook(failure: threading.ExceptHookArgs) -> None:
        error = failure.exc_value
        theirs = type(failure.thread).__module__.startswith("tensorboard.")
        if not (theirs and isinstance(error, OSError)):
            others(failure)
        elif error.filename is None:
            error.filename = place

    hook.others = others  # type: ignore[attr-defined]
    threading.excepthook = hook
