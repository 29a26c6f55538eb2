"""What texts consist of: how many different phrases, and whether their words exist."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gan_lab.metrics.bleu import named, ngrams
from gan_lab.metrics.reference import Reference
from gan_lab.metrics.tokens import TokenMetric, Tokens


def distinct(sequences: Sequence[Tokens], n: int) -> float:
    """Return the different n-grams for each n-gram there is; 0 where there is none.

    References:
        A Diversity-Promoting Objective Function for Neural Conversation Models (Li et al. 2016),
        section 5.2, arXiv 1510.03055.

    >>> distinct([(1, 2, 1, 2)], 2)
    0.6666666666666666
    """
    counts = [ngrams(sequence, n) for sequence in sequences]
    total = sum(sum(count.values()) for count in counts)
    return len({gram for count in counts for gram in count}) / total if total else 0.0


class Distinct(TokenMetric):
    """The share of different n-grams; of few samples it is larger than of many.

    That of the real texts is the ideal: noise has more.

    Args:
        reference: Of real texts.
        most: The longest n-grams, positive.
        end: See :class:`TokenMetric`.

    Raises:
        ValueError: If ``most`` is not positive.
    """

    higher_is_better = True

    def __init__(self, reference: Reference, most: int = 3, end: int | None = None) -> None:
        super().__init__(reference, end)
        if most < 1:
            raise ValueError(f"most must be at least 1, got {most}")
        real = self.sequences(reference.real.features)
        self.ideals = {f"distinct_{n}": distinct(real, n) for n in range(1, most + 1)}

    def compute(self) -> dict[str, Tensor]:
        _, generated = self.collected(at_least=1)
        sequences = self.sequences(generated)
        return named(self.ideals, [distinct(sequences, n + 1) for n in range(len(self.ideals))])


class RealWords(TokenMetric):
    """The share of words, of texts in characters, that are known from real texts.

    ``real_words`` are found among the training or the test samples, ``unseen_words`` among the test
    samples and not the training ones: right, and not by heart. Words that a piece of a text begins
    or ends with may be cut off, and are left out where texts go on beyond the piece (no ``end``).

    Args:
        reference: Of real texts.
        separators: Tokens that stand between words.
        end: See :class:`TokenMetric`.
    """

    higher_is_better = True

    def __init__(
        self, reference: Reference, separators: Sequence[int] = (2,), end: int | None = None
    ) -> None:
        super().__init__(reference, end)
        self.separators = frozenset(separators)
        self.ideals = {"real_words": 1.0, "unseen_words": 1.0}
        self.bounds = tuple(self.ideals)
        test, train = reference.whole or (reference.real, reference.train)
        self.held_out, self.learnt = self.words(test.features), self.words(train.features)

    def words(self, features: Tensor) -> dict[Tokens, int]:
        """Return how often each word is there."""
        counts: dict[Tokens, int] = {}
        for sequence in self.sequences(features):
            for word in split(sequence, self.separators, whole=self.end is not None):
                counts[word] = counts.get(word, 0) + 1
        return counts

    def compute(self) -> dict[str, Tensor]:
        _, generated = self.collected(at_least=1)
        counts = self.words(generated)
        total = max(1, sum(counts.values()))
        known = sum(n for word, n in counts.items() if word in self.learnt or word in self.held_out)
        unseen = sum(n for w, n in counts.items() if w in self.held_out and w not in self.learnt)
        shares = {"real_words": known / total, "unseen_words": unseen / total}
        return {k: torch.tensor(value, dtype=torch.float64) for k, value in shares.items()}


def split(sequence: Tokens, separators: frozenset[int], whole: bool) -> list[Tokens]:
    """Return the words of a sequence.

    Args:
        sequence: Characters.
        separators: What stands between words.
        whole: Whether the first and the last word are whole; else they are left out.

    >>> split((5, 2, 6, 7, 2, 2, 8), frozenset({2}), True)
    [(5,), (6, 7), (8,)]
    >>> split((5, 2, 6, 7, 2, 2, 8), frozenset({2}), False)
    [(6, 7)]
    """
    words: list[list[int]] = [[]]
    for token in sequence:
        if token in separators:
            words.append([])
        else:
            words[-1].append(token)
    return [tuple(word) for word in (words if whole else words[1:-1]) if word]
