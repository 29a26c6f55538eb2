"""Texts in files, and some that there are offline."""

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import torch

from gan_lab.contracts import Medium
from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.files import data_root
from gan_lab.data.samples import Samples
from gan_lab.errors import LabError
from gan_lab.media import Text, Vocabulary
from gan_lab.media.text import read_text, text_files
from gan_lab.media.vocabulary import Level

Unit = Literal["stream", "line"]

log = logging.getLogger(__name__)


class TextFileDataModule(InMemoryDataModule):
    """Any text, in words or in characters; all have one label, 0.

    As a stream, a text is cut into pieces of one length, and its last tenth makes up the test
    split; by lines, each line is a sample that ends, and every tenth different line is a test
    sample. The vocabulary is that of the training split alone.

    Without a root it is what ``help()`` of this Python says of the language: 460,000 characters of
    English prose in Python 3.11, and a little more or less in others.

    Args:
        root: A file, or a folder with .txt files, in UTF-8; by default Python's own.
        sample_shape: [length], in tokens.
        level: "words" or "characters".
        unit: "stream" or "line".
        vocabulary_size: Tokens that have a number, the end and the unknown among them.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range or there is no such choice.
    """

    medium_class: ClassVar[type[Medium]] = Text

    def __init__(
        self,
        root: str | Path | None = None,
        level: Level = "characters",
        unit: Unit = "stream",
        vocabulary_size: int = 64,
        **options: Any,
    ) -> None:
        options.setdefault("sample_shape", (32,))
        super().__init__(**options)
        if level not in ("words", "characters"):
            raise ValueError(f"level must be words or characters, got {level!r}")
        if unit not in get_args(Unit):
            raise ValueError(f"unit must be one of {', '.join(get_args(Unit))}, got {unit!r}")
        if len(self.sample_shape) != 1:
            raise ValueError(f"sample_shape must be [length], got {list(self.sample_shape)}")
        if vocabulary_size < 4:
            raise ValueError(f"vocabulary_size must be at least 4, got {vocabulary_size}")
        self.root = None if root is None else data_root(root)
        self.level: Level = level
        self.unit, self.vocabulary_size = unit, vocabulary_size
        self.vocabulary: Vocabulary | None = None

    @property
    def medium(self) -> Text:
        """Return what spells samples; as numbers before they have been read."""
        return Text(self.sample_shape, self.vocabulary_size, self.level, self.vocabulary)

    def texts(self) -> list[str]:
        """Return the texts, one a file.

        Raises:
            LabError: If there are none, or one cannot be read.
        """
        if self.root is None:
            return built_in()
        if not self.root.exists():
            raise LabError(f"data.root={self.root} is no text; give a file or a folder of them")
        return [read_text(file) for file in text_files(self.root)]

    def load(self, train: bool) -> Samples:
        """Read a split.

        Raises:
            LabError: If there is too little text for both splits.
        """
        kept, held_out = self.split_lines() if self.unit == "line" else self.split_streams()
        if self.vocabulary is None:
            found = Vocabulary.learnt(kept, self.level, self.vocabulary_size)
            rest = [""] * (self.vocabulary_size - len(found))
            self.vocabulary = Vocabulary(self.level, [*found.tokens, *rest])
        rows = self.rows(kept if train else held_out)
        if not rows:
            which = "training" if train else "test"
            raise LabError(
                f"{self.root or 'the text'} is too short for {which} samples of "
                f"{self.sample_shape[0]} tokens; give more text or a smaller data.sample_shape"
            )
        return Samples(torch.tensor(rows), torch.zeros(len(rows), dtype=torch.long))

    def split_streams(self) -> tuple[list[str], list[str]]:
        """Return the first nine tenths of every text, and the last."""
        kept, held_out = [], []
        for text in self.texts():
            cut = 9 * len(text) // 10
            kept.append(text[:cut])
            held_out.append(text[cut:])
        return kept, held_out

    def split_lines(self) -> tuple[list[str], list[str]]:
        """Return nine tenths of the different lines, and the other tenth; long ones are left out.

        Where a longer line would be cut off, it would be no sample of its own kind.
        """
        lines = {" ".join(line.split()): None for text in self.texts() for line in text.split("\n")}
        most = self.sample_shape[0]
        fitting = [line for line in lines if 0 < len(Vocabulary.pieces(line, self.level)) <= most]
        if len(fitting) < sum(map(bool, lines)):
            left = sum(map(bool, lines)) - len(fitting)
            log.info("%d lines of more than %d tokens are left out", left, most)
        random = torch.Generator().manual_seed(0)
        order = torch.randperm(len(fitting), generator=random).tolist()
        tenth = len(fitting) // 10
        chosen = [fitting[index] for index in order]
        return chosen[tenth:], chosen[:tenth]

    def rows(self, texts: list[str]) -> list[list[int]]:
        """Return samples' tokens: of lines, or of pieces of streams."""
        assert self.vocabulary is not None
        length = self.sample_shape[0]
        if self.unit == "line":
            return [self.vocabulary.encode(text, length) for text in texts]
        found = []
        for text in texts:
            tokens = self.vocabulary.encode(text)
            found += [tokens[i : i + length] for i in range(0, len(tokens) - length + 1, length)]
        return found


class WordsDataModule(TextFileDataModule):
    """English words, a sample each, by their letters.

    Without a root they are those of the CMU pronouncing dictionary that pocketsphinx ships, of
    letters alone.

    Args:
        root: A file with a word a line; by default pocketsphinx's dictionary.
        sample_shape: [length]; longer words are left out.
        vocabulary_size: See :class:`TextFileDataModule`.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self, root: str | Path | None = None, vocabulary_size: int = 32, **options: Any
    ) -> None:
        options.setdefault("sample_shape", (12,))
        super().__init__(root, "characters", "line", vocabulary_size, **options)

    def texts(self) -> list[str]:
        """Return the words, one a line; see :class:`TextFileDataModule`."""
        return super().texts() if self.root is not None else [dictionary()]


def built_in() -> list[str]:
    """Return the texts that help() shows, which every whole Python has.

    Raises:
        LabError: If this one is not whole.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise LabError("this Python has no pydoc_data; give a text by data.root=FILE") from error
    return [topics[name] for name in sorted(topics)]


def dictionary() -> str:
    """Return the words of letters alone in pocketsphinx's dictionary, one a line.

    Raises:
        LabError: If it is not installed.
    """
    found = find_spec("pocketsphinx")
    if found is None or not found.submodule_search_locations:
        raise LabError(
            "data=words reads the dictionary of pocketsphinx, which is not installed: pip install "
            "'gan-lab[text]'; or give a file with a word a line by data.root=FILE"
        )
    folder = Path(found.submodule_search_locations[0]) / "model" / "en-us"
    lines = read_text(folder / "cmudict-en-us.dict").splitlines()
    words = dict.fromkeys(line.split()[0] for line in lines if line.strip())
    return "\n".join(word for word in words if word.isascii() and word.isalpha())
