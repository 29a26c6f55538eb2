"""Tensors whose rows stay on the disk until they are asked for."""

import hashlib
import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import Self

from gan_lab.errors import LabError

DIGEST_SIZE = hashlib.sha256().digest_size


class StoredTensor(ABC):
    """What a split's images are where they do not fit the memory.

    It is asked as a tensor is (``len``, ``shape``, ``[:n]``, ``[index]``), and answers with
    tensors in memory, of the rows asked for and no others.

    Attributes:
        shape: (N, *shape), as of a tensor.
        dtype: Of the rows.
        device: Where rows are read to: the processor's memory, always.
    """

    shape: torch.Size
    dtype: torch.dtype = torch.uint8
    device = torch.device("cpu")

    @abstractmethod
    def read(self, rows: Tensor) -> Tensor:
        """Return the rows (n, *shape) that ``rows`` (n,) names, each from 0 to N - 1."""

    @abstractmethod
    def select(self, rows: Tensor) -> Self:
        """Return a view of the rows that ``rows`` (n,) names, in that order, still unread."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """Return what two tensors share only if they hold the same rows in the same order."""

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: int | slice | Tensor) -> Tensor:
        """Read one row, a slice, or the rows that a tensor of indices (n,) or flags (N,) names."""
        count = len(self)
        if isinstance(index, int):
            return self[torch.tensor([index])][0]
        if isinstance(index, slice):
            start, stop, step = index.indices(count)
            if step < 1:
                raise ValueError("the step of a slice must be positive")
            return self.read(torch.arange(start, max(start, stop), step))
        rows = index.cpu()
        if rows.dtype == torch.bool:
            rows = rows.nonzero().squeeze(1)
        if len(rows) and (rows.min() < -count or rows.max() >= count):
            raise IndexError(f"an index is out of range for {count} rows")
        return self.read(rows.remainder(max(count, 1)))

    def batches(self, size: int) -> Iterator[Tensor]:
        """Yield all rows in order, at most ``size`` at a time: what ``torch.split`` would give."""
        for start in range(0, len(self), size):
            yield self[start : start + size]

    def to(self, *_: Any, **__: Any) -> Self:
        """Return itself: what does not fit the memory fits no accelerator either."""
        return self


class MappedTensor(StoredTensor):
    """uint8 rows in a file made by :func:`gan_lab.data.mapping.write_mapped`.

    Rows are read by ``preadv`` into the batch itself. Pages of a shared mapping would count as the
    process's own memory until they are dropped; those of the system's cache never do.

    Args:
        path: The file: an .npy array of bytes, and the SHA-256 of them behind it.

    Raises:
        LabError: If it is not there or not whole.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.rows: Tensor | None = None
        self.open()

    def open(self) -> None:
        """Open the file and read what its header says."""
        try:
            with self.path.open("rb") as file:
                if np.lib.format.read_magic(file) != (1, 0):
                    raise ValueError("of another version")
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                self.offset = file.tell()
        except (OSError, ValueError) as error:
            raise LabError(f"{self.path} is no array of samples ({error})") from error
        self.row_size = int(np.prod(shape[1:]))
        self.end = self.offset + shape[0] * self.row_size
        if dtype != np.uint8 or self.path.stat().st_size != self.end + DIGEST_SIZE:
            raise LabError(f"{self.path} is no whole array of bytes; delete it and run again")
        self.shape = torch.Size(shape if self.rows is None else (len(self.rows), *shape[1:]))
        self.file = os.open(self.path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.file)

    def read(self, rows: Tensor) -> Tensor:
        """Return rows; see :meth:`StoredTensor.read`."""
        if self.rows is not None:
            rows = self.rows[rows]
        made = torch.empty(len(rows), *self.shape[1:], dtype=torch.uint8)
        if not made.numel():
            return made
        target: memoryview = made.numpy().reshape(-1).data
        numbers = rows.tolist()
        first = 0
        for last in range(1, len(numbers) + 1):  # neighbours in the file are read together
            if last == len(numbers) or numbers[last] != numbers[last - 1] + 1:
                part = target[first * self.row_size : last * self.row_size]
                self._fill(part, self.offset + numbers[first] * self.row_size)
                first = last
        return made

    def _fill(self, target: memoryview, offset: int) -> None:
        while target.nbytes:
            count = os.preadv(self.file, [target], offset)
            if count == 0:
                raise LabError(f"{self.path} was cut short while it was read")
            target, offset = target[count:], offset + count

    def select(self, rows: Tensor) -> Self:
        """Return a view; see :meth:`StoredTensor.select`."""
        chosen = type(self)(self.path)
        chosen.rows = rows if self.rows is None else self.rows[rows]
        chosen.shape = torch.Size((len(rows), *self.shape[1:]))
        return chosen

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the bytes; of a view, that of the whole file's and of the rows."""
        whole = os.pread(self.file, DIGEST_SIZE, self.end)
        if self.rows is None:
            return whole.hex()
        return hashlib.sha256(whole + self.rows.numpy().tobytes()).hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "rows": self.rows}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.path, self.rows = state["path"], state["rows"]
        self.open()
