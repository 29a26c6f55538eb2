"""Files that may be anything, read without waiting for them."""

import stat
from pathlib import Path

from gan_lab.errors import LabError


def read_regular(path: Path) -> str | None:
    """Return a file's text, or None where there is no such file.

    Raises:
        LabError: If it cannot be read, is no text or no file at all, such as a pipe, which would
            keep its reader waiting.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LabError(f"{path} is damaged: it is no regular file")
        return path.read_text()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise LabError(f"{path} is damaged: it holds no text") from error
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}") from error
