"""Texts: sequences of tokens, which are names and never numbers to be scaled."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.media.vocabulary import Level, Vocabulary, numbered

LARGEST = 2**28
"""Bytes of the largest file of texts that is read."""


class Text(Medium):
    """Tokens (N, length) to networks and to arrays, a line each to files.

    Args:
        shape: (length,), positive.
        vocabulary_size: How many tokens there are, positive.
        level: What a token is; see :class:`Vocabulary`.
        vocabulary: Their spellings; numbers until they are known.

    Raises:
        ValueError: If a size is out of range.
    """

    name: ClassVar[str] = "text"
    formats: ClassVar[tuple[str, ...]] = ("txt",)

    def __init__(
        self,
        shape: Sequence[int],
        vocabulary_size: int,
        level: Level = "numbers",
        vocabulary: Vocabulary | None = None,
    ) -> None:
        super().__init__(shape)
        if len(self.shape) != 1 or self.shape[0] < 1:
            raise ValueError(f"a text has a shape [length], got {list(shape)}")
        if vocabulary_size < 2:
            raise ValueError(f"vocabulary_size must be at least 2, got {vocabulary_size}")
        self.vocabulary_size = vocabulary_size
        self.level: Level = level
        self.vocabulary = vocabulary or numbered(vocabulary_size)

    def to_float(self, raw: Tensor) -> Tensor:
        """Return tokens as int64: they are looked up, and nothing scales them."""
        return raw.long()

    def to_raw(self, samples: Tensor) -> Tensor:
        return samples.long()

    def picture(self, samples: Tensor, columns: int | None = None) -> None:
        """Return nothing: texts are read."""

    def texts(self, samples: Tensor) -> list[str]:
        """Return samples as strings."""
        return [self.vocabulary.decode(row) for row in samples.long().tolist()]

    def write(self, samples: Tensor, folder: Path, kind: str | None = None) -> list[Path]:
        return [self.sheet(samples, folder / "samples")]

    def sheet(self, samples: Tensor, path: Path) -> Path:
        file = path.with_name(f"{path.name}.txt")
        with written_whole(file, sync=False) as stream:
            stream.write("".join(f"{text}\n" for text in self.texts(samples)).encode())
        return file

    def read(self, path: Path, count: int | None = None, seed: int = 0) -> Tensor:
        lines = read_lines(path)
        random = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(len(lines), generator=random)[:count].tolist()
        length = self.shape[0]
        try:
            rows = [self.vocabulary.encode(lines[index], length) for index in chosen]
        except ValueError as error:
            raise LabError(f"{path}: {error}") from error
        return torch.tensor(rows)

    def log(self, experiment: Any, tag: str, samples: Tensor, step: int) -> None:
        lines = (f"    {text}" for text in self.texts(samples))  # Markdown's verbatim
        experiment.add_text(tag, "\n".join(lines), step)


def text_files(path: Path) -> list[Path]:
    """Return a file, or all .txt files below a folder in the order of their names.

    Raises:
        LabError: If there are none.
    """
    if path.is_file():
        return [path]
    found = sorted(file for file in path.rglob("*.txt") if file.is_file())
    if not found:
        raise LabError(f"there is no text at {path}; give a file, or a folder with .txt files")
    return found


def read_text(path: Path) -> str:
    """Return what a stranger's file says.

    Raises:
        LabError: If it is no text in UTF-8, or too large to be read.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise LabError(f"{path} is larger than the {LARGEST // 2**20} MiB that are read")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise LabError(f"{path} is no text in UTF-8 ({error.reason} at {error.start})") from error


def read_lines(path: Path) -> list[str]:
    """Return the lines that are not empty of a file, or of all .txt files below a folder.

    Raises:
        LabError: If there are none.
    """
    lines = [line for file in text_files(path) for line in read_text(file).splitlines()]
    full = [line for line in lines if line.strip()]
    if not full:
        raise LabError(f"{path} holds no text; give one with a sample a line")
    return full
