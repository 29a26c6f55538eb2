"""What a generating side promises that can also tell what a sample is made from."""

from abc import ABC, abstractmethod

from torch import Tensor

from gan_lab.contracts.round import Sample


class Encodes(ABC):
    """A task with an encoder beside its generator."""

    @abstractmethod
    def codes(self, samples: Tensor) -> Sample:
        """Return ``z`` (N, dim), from which samples (N, *shape) can be drawn again.

        Where the task sorts samples, ``class`` (N, K) holds the logits of their classes. Alike
        samples have alike codes: what an encoder draws while it trains is here its mean.
        """

    @abstractmethod
    def reconstruct(self, samples: Tensor) -> Tensor:
        """Return samples (N, *shape) as they are drawn from their own codes."""
