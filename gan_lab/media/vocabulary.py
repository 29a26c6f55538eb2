"""Which tokens there are, how they are spelled, and what of a text is one."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

Level = Literal["words", "characters", "numbers"]

END, UNKNOWN, SPACE = 0, 1, 2
"""The numbers of what ends a text, of whatever has no other number, and of a space."""
SPELLED_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
LONGEST = 24
"""Bytes of the longest word that has a number of its own."""

WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")


class Vocabulary:
    """Tokens by their numbers.

    Words are in lower case, with marks of punctuation as words of their own; characters are as they
    come, with every run of white space as one space. Of numbers each spells itself, and none ends a
    text.

    Args:
        level: What of a text is a token.
        tokens: Spellings in the order of their numbers; of words and characters 0 is the end, "",
            and 1 stands for the unknown.

    Raises:
        ValueError: If there is no such level.

    Example:
        >>> vocabulary = Vocabulary.learnt(["to be or not to be"], "words", 4)
        >>> vocabulary.tokens[2:], vocabulary.encode("To be, or not", 6)
        (('be', 'to'), [3, 2, 1, 1, 1, 0])
    """

    def __init__(self, level: Level, tokens: Sequence[str]) -> None:
        if level not in get_args(Level):
            raise ValueError(f"level must be one of {', '.join(get_args(Level))}, got {level!r}")
        self.level = level
        self.tokens = tuple(tokens)
        self.numbers = {token: number for number, token in enumerate(self.tokens) if token}

    def __len__(self) -> int:
        """Return how many tokens there are."""
        return len(self.tokens)

    @classmethod
    def learnt(cls, texts: Iterable[str], level: Level, size: int) -> "Vocabulary":
        """Return the most frequent tokens of texts, ``size`` at most with the end and the unknown.

        Equally frequent ones are in the order of their letters.

        Raises:
            ValueError: If the size leaves none.
        """
        if size < 4:
            raise ValueError(f"vocabulary_size must be at least 4, got {size}")
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(cls.pieces(text, level))
        first = ["", SPELLED_UNKNOWN] + ([" "] if level == "characters" else [])
        counts.pop(" ", None)
        known = sorted(
            (token for token in counts if len(token.encode()) <= LONGEST),
            key=lambda token: (-counts[token], token),
        )
        return cls(level, [*first, *known[: size - len(first)]])

    @staticmethod
    def pieces(text: str, level: Level) -> list[str]:
        """Return what of a text is a token each."""
        if level == "words":
            return WORD.findall(text.lower())
        return list(" ".join(text.split())) if level == "characters" else text.split()

    def encode(self, text: str, length: int | None = None) -> list[int]:
        """Return a text's tokens, cut off or filled up with ends to a length if one is given.

        Raises:
            ValueError: If it holds something else than numbers that there are, where tokens are
                numbers.
        """
        pieces = self.pieces(text, self.level)
        if self.level == "numbers":
            strangers = [piece for piece in pieces if piece not in self.numbers]
            if strangers or (length is not None and len(pieces) < length):
                wrong = f"{strangers[0]!r}" if strangers else f"a line of {len(pieces)}"
                raise ValueError(
                    f"lines must hold {length or 'some'} numbers below {len(self)}, got {wrong}"
                )
        found = [self.numbers.get(piece, UNKNOWN) for piece in pieces]
        return found if length is None else (found + [END] * length)[:length]

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens, up to its end."""
        if self.level == "numbers":
            return " ".join(self.spelled(token) for token in tokens)
        pieces = []
        for token in tokens:
            if token == END:
                break
            pieces.append(self.spelled(token))
        return ("" if self.level == "characters" else " ").join(pieces)

    def spelled(self, token: int) -> str:
        """Return a token's spelling; that of the unknown where it has none."""
        known = 0 <= token < len(self.tokens) and self.tokens[token]
        return known or SPELLED_UNKNOWN


def numbered(size: int) -> Vocabulary:
    """Return the vocabulary of ``size`` numbers from 0."""
    return Vocabulary("numbers", [str(number) for number in range(size)])
