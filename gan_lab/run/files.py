"""Files that are whole or not there at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gan_lab.errors import LabError


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside ``path`` for writing; sync it, then rename it, if all went well.

    No reader meets half a file, and what was at ``path`` stays until all is on disk.

    Raises:
        LabError: If the disk does not take it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")  # one name, so that crashes leave one file
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise LabError(
            f"cannot write {path}: {error.strerror or error}; what was there before is kept"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
