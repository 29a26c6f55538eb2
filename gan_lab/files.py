"""Files that are whole or not there at all, and that no link leads elsewhere."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gan_lab.errors import LabError


@contextmanager
def written_whole(path: Path, shared: bool = False, sync: bool = True) -> Iterator[BinaryIO]:
    """Open a file beside ``path`` for writing; sync it, then rename it, if all went well.

    No reader meets half a file, and what was at ``path`` stays until all is on disk. Where ``path``
    or the file beside it is a symbolic link, the link is replaced and what it points to is left.

    Args:
        path: Of the file; its folder is made.
        shared: Whether several processes may write it at once, each beside it by another name.
        sync: Whether to wait until the disk has it; many files of little worth need not.

    Raises:
        LabError: If the disk does not take it.
    """
    # One name where one process writes, so that crashes leave one file.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp" if shared else f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(temporary) as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise LabError(
            f"cannot write {path}: {error.strerror or error}; what was there before is kept"
        ) from error
    finally:
        clear(temporary)


def new_file(path: Path) -> BinaryIO:
    """Open a file for writing that was not there before, in place of what a crash left."""
    clear(path)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o666), "wb")


NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)  # Windows has no such flag


def clear(path: Path) -> None:
    """Remove a file or a link, if there is one and its folder is one."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return


def refuse_links(folder: Path) -> None:
    """Refuse a folder in which a symbolic link would lead what is written somewhere else.

    Raises:
        LabError: If there is one.
    """
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink():
                raise LabError(
                    f"{path} is a symbolic link, and nothing is written through one; "
                    "put what it points to in its place, or remove it"
                )
