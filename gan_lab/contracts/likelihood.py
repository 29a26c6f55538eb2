"""What a generating side promises that makes its samples choice by choice, and knows how likely."""

from abc import ABC, abstractmethod

from torch import Tensor


class Likelihood(ABC):
    """A task whose samples are sequences of T choices, each with a probability given those before.

    Attributes:
        temperature: Divides the logits of every choice; 1 is what training sees.
    """

    temperature: float = 1.0

    @abstractmethod
    def log_probabilities(self, samples: Tensor) -> Tensor:
        """Return the log-probability of each choice given those before it, shape (N, T).

        What follows an end is certain: 0.
        """

    @abstractmethod
    def counted(self, samples: Tensor) -> Tensor:
        """Return which choices are part of their sequence (N, T): all up to its end, that too."""

    @abstractmethod
    def continued(self, samples: Tensor, times: int) -> Tensor:
        """Return each beginning completed by chance, shape (T - 1, times, N, *shape).

        Entry t keeps the first t + 1 choices of every sequence and draws the rest anew: rollouts.
        """
