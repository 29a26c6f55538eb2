"""Backbones that judge sequences of tokens."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone


class TokenBackbone(Backbone):
    r"""Convolutions of several widths over embedded tokens, each pooled by its maximum; a highway.

    .. math:: h = \tau \odot g(W c + b) + (1 - \tau) \odot c

    It reads tokens (N, T) as numbers, or as distributions (N, T, V) by the mean of their
    embeddings, which a relaxed sample is.

    References:
        SeqGAN (Yu et al. 2017), section 3.2, equation 11 and appendix C, arXiv 1609.05473. Kim
        2014, arXiv 1408.5882, for the convolutions.

    Args:
        input_shape: (T,).
        vocabulary_size: V, how many tokens there are.
        embedding: Numbers that stand for a token.
        windows: Tokens that each kind of convolution sees; those longer than T are left out.
        width: Channels of each kind.
        dropout: Share of features that is dropped while training.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (20,),
        vocabulary_size: int = 5000,
        embedding: int = 64,
        windows: Sequence[int] = (1, 2, 3, 4, 5, 6),
        width: int = 100,
        dropout: float = 0.25,
    ) -> None:
        super().__init__(input_shape)
        if len(self.input_shape) != 1:
            raise ValueError(f"tokens have a shape [length], got {list(self.input_shape)}")
        require_size("vocabulary_size", vocabulary_size)
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {dropout}")
        seen = [require_size("windows", w) for w in windows if w <= self.input_shape[0]]
        if not seen:
            raise ValueError(f"no window of {list(windows)} fits {self.input_shape[0]} tokens")
        self.table = nn.Parameter(
            torch.empty(vocabulary_size, require_size("embedding", embedding))
        )
        nn.init.normal_(self.table, std=embedding**-0.5)
        width = require_size("width", width)
        self.convolutions = nn.ModuleList(nn.Conv1d(embedding, width, window) for window in seen)
        self.features = width * len(seen)
        self.gate = nn.Linear(self.features, self.features)
        self.transform = nn.Linear(self.features, self.features)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Tensor) -> Tensor:
        if inputs.is_floating_point():
            embedded = inputs @ self.table.to(inputs.dtype)
        else:
            embedded = self.table[inputs]
        embedded = embedded.transpose(1, 2)
        pooled = [leaky_relu(layer(embedded), 0.2).amax(2) for layer in self.convolutions]
        features = torch.cat(pooled, dim=1)
        gate = self.gate(features).sigmoid()
        highway: Tensor = gate * leaky_relu(self.transform(features), 0.2) + (1 - gate) * features
        dropped: Tensor = self.dropout(highway)
        return dropped
