r"""Policies: which token comes next, given those before it.

.. math:: p(x) = \prod_t \pi(x_t \mid x_{<t})
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from gan_lab.models.arguments import require_size


class Policy(nn.Module, ABC):
    """Logits of the next token, all places at once or one after the other: the same numbers.

    Args:
        vocabulary_size: V, how many tokens there are.
        length: T, tokens of a sequence.
        embedding: Numbers that stand for a token.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(self, vocabulary_size: int, length: int, embedding: int) -> None:
        super().__init__()
        self.vocabulary_size = require_size("vocabulary_size", vocabulary_size)
        self.length = require_size("length", length)
        self.embedding = nn.Embedding(vocabulary_size, require_size("embedding", embedding))
        self.begin = nn.Parameter(torch.empty(embedding))

    def initialise(self, deviation: float) -> None:
        """Draw every weight from N(0, deviation²)."""
        if not deviation > 0:
            raise ValueError(f"deviation must be positive, got {deviation}")
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=deviation)

    def embedded(self, tokens: Tensor) -> Tensor:
        """Return embeddings of tokens, or of distributions over them (..., V)."""
        if tokens.is_floating_point():
            return tokens.to(self.embedding.weight.dtype) @ self.embedding.weight
        found: Tensor = self.embedding(tokens)
        return found

    def first(self, count: int) -> Tensor:
        """Return what stands before the first token, shape (count, embedding)."""
        return self.begin.expand(count, -1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits (N, T, V) of each token given those before it.

        Args:
            tokens: Shape (N, T); the last is not looked at.
        """
        before = self.embedded(tokens[:, :-1])
        inputs = torch.cat([self.first(len(tokens))[:, None].to(before), before], dim=1)
        return self.logits(inputs)

    @abstractmethod
    def logits(self, inputs: Tensor) -> Tensor:
        """Return logits (N, T, V) for what stands before each place (N, T, embedding)."""

    @abstractmethod
    def step(self, inputs: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return logits (N, V) of the next token, and the new state.

        Args:
            inputs: What stands before it, shape (N, embedding).
            state: What came of the places before; None at the first.
        """

    @abstractmethod
    def repeated(self, state: Any, times: int) -> Any:
        """Return the state of ``times`` copies of all sequences, one set after the other."""


class LSTMPolicy(Policy):
    """One layer of long short-term memory.

    References:
        SeqGAN: Sequence Generative Adversarial Nets with Policy Gradient (Yu et al. 2017), section
        3.3, arXiv 1609.05473, and the authors' code, LantaoYu/SeqGAN: 32 numbers a token, 32 units,
        weights from N(0, 0.1²).

    Args:
        vocabulary_size: See :class:`Policy`.
        length: See :class:`Policy`.
        embedding: See :class:`Policy`.
        units: Of the memory, positive.
        deviation: Of the weights at the start, positive.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        vocabulary_size: int = 5000,
        length: int = 20,
        embedding: int = 32,
        units: int = 32,
        deviation: float = 0.1,
    ) -> None:
        super().__init__(vocabulary_size, length, embedding)
        self.memory = nn.LSTM(embedding, require_size("units", units), batch_first=True)
        self.readout = nn.Linear(units, vocabulary_size)
        self.initialise(deviation)

    def logits(self, inputs: Tensor) -> Tensor:
        found: Tensor = self.readout(self.memory(inputs)[0])
        return found

    def step(self, inputs: Tensor, state: Any) -> tuple[Tensor, Any]:
        outputs, state = self.memory(inputs[:, None], state)
        return self.readout(outputs[:, 0]), state

    def repeated(self, state: Any, times: int) -> Any:
        return tuple(part.repeat(1, times, 1) for part in state)


class TransformerPolicy(Policy):
    """A small causal transformer, norms first.

    References:
        Attention Is All You Need (Vaswani et al. 2017), section 3, arXiv 1706.03762.

    Args:
        vocabulary_size: See :class:`Policy`.
        length: See :class:`Policy`.
        embedding: See :class:`Policy`; a multiple of ``heads``.
        layers: Blocks, positive.
        heads: Of each attention, positive.
        deviation: Of the weights at the start but those of norms, positive.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        vocabulary_size: int = 5000,
        length: int = 20,
        embedding: int = 64,
        layers: int = 2,
        heads: int = 4,
        deviation: float = 0.02,
    ) -> None:
        super().__init__(vocabulary_size, length, embedding)
        if embedding % require_size("heads", heads):
            raise ValueError(f"embedding={embedding} does not divide into heads={heads}")
        self.places = nn.Parameter(torch.empty(length, embedding))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                embedding, heads, 4 * embedding, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(require_size("layers", layers))
        )
        self.norm = nn.LayerNorm(embedding)
        self.readout = nn.Linear(embedding, vocabulary_size)
        self.initialise(deviation)
        for layer in self.modules():
            if isinstance(layer, nn.LayerNorm):
                layer.reset_parameters()

    def logits(self, inputs: Tensor) -> Tensor:
        count = inputs.shape[1]
        hidden = inputs + self.places[:count].to(inputs)
        mask = nn.Transformer.generate_square_subsequent_mask(count, hidden.device, hidden.dtype)
        for block in self.blocks:
            hidden = block(hidden, src_mask=mask, is_causal=True)
        found: Tensor = self.readout(self.norm(hidden))
        return found

    def step(self, inputs: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Go over all places again: sequences here are short."""
        so_far = inputs[:, None] if state is None else torch.cat([state, inputs[:, None]], dim=1)
        return self.logits(so_far)[:, -1], so_far

    def repeated(self, state: Any, times: int) -> Any:
        return state.repeat(times, 1, 1)
