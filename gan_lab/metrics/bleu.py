"""How much of texts is found in others: in real ones, and in each other."""

import math
from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from gan_lab.metrics.base import require_samples
from gan_lab.metrics.reference import Reference
from gan_lab.metrics.tokens import TokenMetric, Tokens


def ngrams(sequence: Tokens, n: int) -> Counter[Tokens]:
    """Return how often each run of ``n`` tokens is there.

    >>> dict(ngrams((1, 2, 1, 2), 2))
    {(1, 2): 2, (2, 1): 1}
    """
    return Counter(zip(*(sequence[k:] for k in range(n)), strict=False))


class References:
    """Sequences that others are looked for in: of each n-gram the two largest counts and a holder.

    With them a sequence can be held against all others in the time that one takes.

    Args:
        sequences: At least one.
        most: Of the n of n-grams.
    """

    def __init__(self, sequences: Sequence[Tokens], most: int) -> None:
        self.lengths = Counter(len(sequence) for sequence in sequences)
        self.best: list[dict[Tokens, tuple[int, int, int]]] = []
        for n in range(1, most + 1):
            best: dict[Tokens, tuple[int, int, int]] = {}
            for index, sequence in enumerate(sequences):
                for gram, count in ngrams(sequence, n).items():
                    first, second, holder = best.get(gram, (0, 0, -1))
                    if count > first:
                        best[gram] = count, first, index
                    elif count > second:
                        best[gram] = first, count, holder
            self.best.append(best)

    def clipped(self, gram: Tokens, but: int | None) -> int:
        """Return the largest count of an n-gram in one sequence, one of them left out if asked."""
        first, second, holder = self.best[len(gram) - 1].get(gram, (0, 0, -1))
        return second if but is not None and holder == but else first

    def closest(self, length: int, but: int | None) -> int:
        """Return the length that is nearest, the shorter of two; without one of ``length`` itself.

        That one is the sequence which is left out.
        """
        own = {length: self.lengths[length] - (but is not None)}
        found = [size for size, count in (self.lengths | own).items() if count > 0]
        return min(found, key=lambda size: (abs(size - length), size))


def bleu(
    sequences: Sequence[Tokens],
    references: Sequence[Tokens] | None,
    most: int = 4,
) -> list[float]:
    r"""Return BLEU-2 to BLEU-``most`` of all sequences together, against all references at once.

    .. math::
        \mathrm{BLEU}_n = \min(1, e^{1 - r/c})\, \Bigl(\prod_{k \le n} p_k\Bigr)^{1/n}

    with the pooled precisions :math:`p_k`: n-grams are counted as often as they are in one of the
    references, at most. No smoothing: without a common n-gram it is 0.

    References:
        BLEU: a Method for Automatic Evaluation of Machine Translation (Papineni et al. 2002),
        section 2.3. Texygen (Zhu et al. 2018), section 3.1, arXiv 1802.01886, for self-BLEU.

    Args:
        sequences: At least one, none of them empty.
        references: Likewise; None for the sequences themselves, each held against all others:
            self-BLEU.
        most: The longest n-grams, at least 2.
    """
    known = References(sequences if references is None else references, most)
    matched, total = [0] * most, [0] * most
    ours = theirs = 0
    for index, sequence in enumerate(sequences):
        but = index if references is None else None
        ours += len(sequence)
        theirs += known.closest(len(sequence), but)
        for n in range(1, most + 1):
            for gram, count in ngrams(sequence, n).items():
                total[n - 1] += count
                matched[n - 1] += min(count, known.clipped(gram, but))
    brevity = 1.0 if ours >= theirs else math.exp(1 - theirs / ours)
    logs = [math.log(m / t) if m else -math.inf for m, t in zip(matched, total, strict=True)]
    return [brevity * math.exp(sum(logs[:n]) / n) for n in range(2, most + 1)]


class BLEU(TokenMetric):
    """BLEU against real texts: do the phrases exist?

    Args:
        reference: Of real texts.
        most: The longest n-grams, at least 2.
        end: See :class:`TokenMetric`.

    Raises:
        ValueError: If ``most`` is too small.
    """

    higher_is_better = True

    def __init__(self, reference: Reference, most: int = 4, end: int | None = None) -> None:
        super().__init__(reference, end)
        if most < 2:
            raise ValueError(f"most must be at least 2, got {most}")
        self.most = most
        self.ideals = {f"bleu_{n}": 1.0 for n in range(2, most + 1)}
        self.bounds = tuple(self.ideals)

    def compute(self) -> dict[str, Tensor]:
        real, generated = (self.sequences(rows) for rows in self.collected(at_least=1))
        return named(self.ideals, bleu(generated, real, self.most) if generated and real else ())


class SelfBLEU(BLEU):
    """BLEU of each text against all the others: is everything alike?

    Real texts have some too, which is the ideal.

    Args:
        reference: Of real texts.
        most: See :class:`BLEU`.
        end: See :class:`TokenMetric`.

    Raises:
        ValueError: If ``most`` is too small.
    """

    higher_is_better = False

    def __init__(self, reference: Reference, most: int = 4, end: int | None = None) -> None:
        super().__init__(reference, most, end)
        real = self.sequences(reference.real.features)
        require_samples("self_bleu", "real texts that are not empty", len(real), 2)
        names = [f"self_bleu_{n}" for n in range(2, most + 1)]
        self.ideals = dict(zip(names, bleu(real, None, most), strict=True))
        self.bounds = ()

    def compute(self) -> dict[str, Tensor]:
        _, generated = self.collected(at_least=1)
        sequences = self.sequences(generated)
        require_samples("self_bleu", "generated texts that are not empty", len(sequences), 2)
        return named(self.ideals, bleu(sequences, None, self.most))


def named(names: dict[str, float], values: Sequence[float]) -> dict[str, Tensor]:
    """Return figures by name; 0 where there is no text at all."""
    found = list(values) or [0.0] * len(names)
    return {n: torch.tensor(v, dtype=torch.float64) for n, v in zip(names, found, strict=True)}
