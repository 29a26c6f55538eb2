"""Sets of samples made once into a file, for those that do not fit the memory."""

import hashlib
import io
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from gan_lab.data.stored import MappedTensor
from gan_lab.errors import LabError


def write_mapped(
    path: str | Path, batches: Iterable[Tensor], shape: Sequence[int], count: int
) -> MappedTensor:
    """Write samples into a file as they come, whole or not at all.

    The file is an .npy array with the SHA-256 of its bytes behind it. It is written under another
    name and renamed when it is complete, so that a killed process leaves nothing under ``path``.

    Args:
        path: The file; its folder exists.
        batches: uint8 samples (n, *shape), of any n, never held together.
        shape: Of one sample.
        count: How many samples there will be.

    Returns:
        What was written.

    Raises:
        ValueError: If samples are not uint8 of that shape, or not as many as was said.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
    )
    digest, written = hashlib.sha256(), 0
    console = Console(stderr=True)
    try:
        with (
            part.open("wb") as file,
            Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar,
        ):
            task = bar.add_task(f"writing {path.name[:8]}", total=count)
            file.write(header.getvalue())
            for batch in batches:
                if tuple(batch.shape[1:]) != tuple(shape):
                    raise ValueError(f"samples must be {list(shape)}, got {list(batch.shape[1:])}")
                pixels = batch.numpy()
                if pixels.dtype != np.uint8:
                    raise ValueError(f"samples must be uint8, got {pixels.dtype}")
                content = np.ascontiguousarray(pixels).reshape(-1).data
                file.write(content)
                digest.update(content)
                written += len(batch)
                bar.advance(task, len(batch))
            if written != count:
                raise ValueError(f"{count} samples were promised, {written} came")
            file.write(digest.digest())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return MappedTensor(path)


def mapped(path: Path, batches: Iterable[Tensor], shape: Sequence[int], count: int) -> MappedTensor:
    """Return the samples in a file, which one process makes if it is not there.

    Args:
        path: The file, under a name that says what is in it.
        batches: See :func:`write_mapped`; not begun where the file is there.
        shape: Of one sample.
        count: How many samples.

    Raises:
        LabError: If it cannot be written.
    """
    if not path.exists():
        try:
            with FileLock(path.with_suffix(".lock")):
                for left in path.parent.glob(f"{path.name}.*.part"):
                    left.unlink()  # of a process that was killed: whoever writes holds the lock
                if not path.exists():
                    write_mapped(path, batches, shape, count)
        except OSError as error:
            raise LabError(f"cannot keep samples in {path.parent}: {error}") from error
    return MappedTensor(path)


def cache_folder(root: Path | None) -> Path:
    """Return the folder that such files go to, made if need be; it may be deleted at any time.

    It is ``.gan_lab`` below the data's root or, where that cannot be written, below
    ``$GAN_LAB_DATA``, which is ~/.cache/gan_lab by default.

    Raises:
        LabError: If neither can be written.
    """
    default = Path(os.environ.get("GAN_LAB_DATA", "~/.cache/gan_lab")).expanduser()
    folder, reason = default, ""
    for parent in [default] if root is None else [root, default]:
        folder = parent / ".gan_lab"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = str(error)
            continue
        if os.access(folder, os.W_OK):
            return folder
        reason = "no permission to write"
    raise LabError(f"cannot keep samples in {folder} ({reason}); set GAN_LAB_DATA to a folder")


def available_memory() -> int:
    """Return how many bytes of memory the machine could give now."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("MemAvailable"))
        return 1024 * int(line.split()[1])
    except (OSError, ValueError):  # not Linux: all that there is
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def require_memory(what: str, count: int) -> None:
    """Raise LabError where so many bytes are more than the machine could give now.

    Args:
        what: The key that asks for them.
        count: Bytes.
    """
    available = available_memory()
    if count > available:
        raise LabError(
            f"{what} asks for {count / 2**30:,.1f} GiB of memory, and {available / 2**30:.1f} are "
            "available; make it smaller"
        )
