"""litdata's sets: how they are made, opened and read row by row."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from typing_extensions import Self

from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.stored import StoredTensor
from gan_lab.errors import LabError

SPLITS = ("train", "test")


def litdata() -> Any:
    """Return the optional package.

    Raises:
        LabError: If it is not installed.
    """
    try:
        import litdata
    except ImportError as error:
        message = "litdata is not installed: pip install 'gan-lab[streaming]'"
        raise LabError(message) from error
    return litdata


class StreamedTensor(StoredTensor):
    """One column of a litdata set, of which each row is read when it is asked for.

    Args:
        dataset: A StreamingDataset without shuffling.
        folder: Where it lies.
        column: "x" or "label".
        rows: Of the set, all by default.
    """

    def __init__(self, dataset: Any, folder: str, column: str, rows: Tensor | None = None) -> None:
        self.dataset, self.folder, self.column = dataset, folder, column
        self.rows = torch.arange(len(dataset)) if rows is None else rows
        self.first = torch.as_tensor(dataset[0][column])
        self.shape = torch.Size((len(self.rows), *self.first.shape))
        self.dtype = self.first.dtype

    def read(self, rows: Tensor) -> Tensor:
        """Return rows; see :meth:`StoredTensor.read`."""
        found = [
            torch.as_tensor(self.dataset[row][self.column]) for row in self.rows[rows].tolist()
        ]
        return torch.stack(found) if found else self.first.new_empty(0, *self.shape[1:])

    def select(self, rows: Tensor) -> Self:
        """Return a view; see :meth:`StoredTensor.select`."""
        return type(self)(self.dataset, self.folder, self.column, self.rows[rows])

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all rows, for which each is read once."""
        digest = hashlib.sha256()
        for batch in self.batches(500):
            digest.update(batch.numpy().tobytes())
        return digest.hexdigest()


def open_dataset(folder: str, shuffle: bool, drop_last: bool, seed: int = 0) -> Any:
    """Return litdata's view of one split.

    Raises:
        LabError: If there is none, or no litdata.
    """
    try:
        return litdata().StreamingDataset(folder, shuffle=shuffle, drop_last=drop_last, seed=seed)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise LabError(f"{folder} cannot be read as a litdata set: {reason}") from error


def prepare(module: InMemoryDataModule, folder: str | Path, chunk_bytes: str = "64MB") -> None:
    """Write a data module's splits as a litdata set, whole or not at all.

    Args:
        module: Any data module of uint8 samples.
        folder: The root of the new set; does not exist. Copy it to an object storage as it is.
        chunk_bytes: How much is read at a time.

    Raises:
        LabError: If litdata is not installed or the folder exists.
    """
    litdata()
    from litdata.streaming import Cache

    folder = Path(folder).expanduser()
    if folder.exists():
        raise LabError(f"{folder} exists; name a new folder for the litdata set")
    module.prepare_data()
    module.setup()
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for split in SPLITS:
            images, labels = getattr(module, split)
            (made / split).mkdir()
            cache = Cache(input_dir=str(made / split), chunk_bytes=chunk_bytes)
            for index in range(len(images)):
                cache[index] = {"x": images[index].clone(), "label": int(labels[index])}
            cache.done()
            cache.merge()
        os.rename(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
