"""Sequences from a network that is the truth, so that their likelihood is known exactly."""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from gan_lab.contracts import Medium
from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.mapping import require_memory
from gan_lab.data.samples import Samples
from gan_lab.media import Text


class Oracle:
    r"""A recurrent network with random weights, from which sequences are drawn.

    .. math:: p(x) = \prod_t p(x_t \mid x_{<t})

    Every seed is another: entropies differ, and figures of two oracles do not compare.

    References:
        SeqGAN (Yu et al. 2017), section 5.1, arXiv 1609.05473, and the authors' code,
        LantaoYu/SeqGAN, target_lstm.py: 32 numbers a token, 32 units, weights from N(0, 1).

    Args:
        vocabulary_size: How many tokens there are, at least 2.
        length: Of a sequence, positive.
        embedding: Numbers that stand for a token, positive.
        units: Of the memory, positive.
        deviation: Of the weights, positive: the larger, the surer the oracle is.
        seed: Of the weights.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        vocabulary_size: int = 5000,
        length: int = 20,
        embedding: int = 32,
        units: int = 32,
        deviation: float = 1.0,
        seed: int = 0,
    ) -> None:
        sizes = {"length": length, "embedding": embedding, "units": units}
        for name, value in {"vocabulary_size": vocabulary_size - 1, **sizes}.items():
            if value < 1:
                least = 2 if name == "vocabulary_size" else 1
                raise ValueError(f"{name} must be at least {least}")
        if not deviation > 0:
            raise ValueError(f"deviation must be positive, got {deviation}")
        self.vocabulary_size, self.length = vocabulary_size, length
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            torch.manual_seed(seed)
            self.table = nn.Embedding(vocabulary_size, embedding)
            self.memory = nn.LSTM(embedding, units, batch_first=True)
            self.readout = nn.Linear(units, vocabulary_size)
            for layer in (self.table, self.memory, self.readout):
                layer.requires_grad_(False)
                for parameter in layer.parameters():
                    nn.init.normal_(parameter, std=deviation)

    @torch.no_grad()
    def sample(self, count: int, random: torch.Generator | None = None) -> Tensor:
        """Return ``count`` sequences, shape (count, length); the first follows token 0.

        Args:
            count: How many.
            random: Drawn from; by default, the global random state.
        """
        parts = []
        for start in range(0, count, 1000):
            size = min(1000, count - start)
            token, state = torch.zeros(size, dtype=torch.long), None
            tokens = []
            for _ in range(self.length):
                outputs, state = self.memory(self.table(token)[:, None], state)
                probabilities = self.readout(outputs[:, 0]).softmax(1)
                token = torch.multinomial(probabilities, 1, generator=random).squeeze(1)
                tokens.append(token)
            parts.append(torch.stack(tokens, dim=1))
        return torch.cat(parts)

    @torch.no_grad()
    def log_probabilities(self, sequences: Tensor) -> Tensor:
        """Return the log-probability of each token given those before it, shape (N, length)."""
        parts = []
        for tokens in torch.split(sequences.long().cpu(), 200):
            before = torch.cat([torch.zeros_like(tokens[:, :1]), tokens[:, :-1]], dim=1)
            logits = self.readout(self.memory(self.table(before))[0])
            chosen = logits.gather(2, tokens[:, :, None]).squeeze(2)
            parts.append(chosen - logits.logsumexp(2))
        return torch.cat(parts)

    def uniform(self, count: int = 1000, seed: int = 0) -> float:
        """Return the cross-entropy of tokens that are drawn alike, in nats a token."""
        random = torch.Generator().manual_seed(seed)
        size = (count, self.length)
        tokens = torch.randint(self.vocabulary_size, size, generator=random)
        return -float(self.log_probabilities(tokens).mean())


class OracleDataModule(InMemoryDataModule):
    """Sequences drawn once from an :class:`Oracle`; all have one label, 0.

    Args:
        train_size: Training sequences, positive.
        test_size: Test sequences, positive.
        sample_shape: [length].
        vocabulary_size: See :class:`Oracle`.
        embedding: See :class:`Oracle`.
        units: See :class:`Oracle`.
        deviation: See :class:`Oracle`.
        options: See :class:`InMemoryDataModule`; the seed is the oracle's too.

    Raises:
        ValueError: If a number is out of range.
    """

    medium_class: ClassVar[type[Medium]] = Text

    def __init__(
        self,
        train_size: int = 10_000,
        test_size: int = 10_000,
        vocabulary_size: int = 5000,
        embedding: int = 32,
        units: int = 32,
        deviation: float = 1.0,
        **options: Any,
    ) -> None:
        options.setdefault("sample_shape", (20,))
        super().__init__(**options)
        for name, value in [("train_size", train_size), ("test_size", test_size)]:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if len(self.sample_shape) != 1:
            raise ValueError(f"sample_shape must be [length], got {list(self.sample_shape)}")
        self.train_size, self.test_size = train_size, test_size
        self.vocabulary_size = vocabulary_size
        self.oracle = Oracle(
            vocabulary_size, self.sample_shape[0], embedding, units, deviation, self.seed
        )

    @property
    def medium(self) -> Text:
        """Return what shows tokens by their numbers."""
        return Text(self.sample_shape, self.vocabulary_size)

    def load(self, train: bool) -> Samples:
        """Draw a split; it depends on the seed alone."""
        random = torch.Generator().manual_seed(2 * self.seed + train)
        count = self.train_size if train else self.test_size
        name = "data.train_size" if train else "data.test_size"
        require_memory(name, 8 * count * math.prod(self.sample_shape))
        return Samples(self.oracle.sample(count, random), torch.zeros(count, dtype=torch.long))
