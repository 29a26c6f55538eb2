"""What the two sides of a game promise: tasks with their priors, and discriminators."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gan_lab.contracts.medium import Medium
from gan_lab.contracts.round import NOTHING, Round, Sample, Verdict


class Prior(nn.Module, ABC):
    """A distribution that is drawn from, and the only kind of place that draws latents.

    Args:
        dim: Length of a latent vector, positive.
    """

    device_like: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"latent_dim must be at least 1, got {dim}")
        self.dim = dim
        # Knows, as weights do, on which device and in which precision to draw.
        self.register_buffer("device_like", torch.empty(0), persistent=False)

    @abstractmethod
    def forward(self, count: int, random: torch.Generator | None = None) -> Sample:
        """Return ``z`` (count, dim) and the codes it is made of, if any."""


class Task(nn.Module, ABC):
    """The generating side: owns every network that is not the discriminator.

    Attributes:
        medium: What its samples are made of.
        takes: Keys that a minibatch must hold.
        gives: Keys of its rounds' samples, beside those of the batch.
        needs: Keys that :meth:`sample` must be given.
        num_classes: Labels that samples can be asked for, 0 where there are none.
        labels_are_drawn: Whether classes are the prior's own, and not the data's.
        reads_data: Whether what it makes of a minibatch depends on more than its size and labels.
    """

    medium: Medium
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ("x",)
    needs: tuple[str, ...] = ()
    num_classes: int = 0
    labels_are_drawn: bool = False
    reads_data: bool = True

    def meet(self, data: Any) -> None:
        """Take up what must be known of the data before the first step; nothing by default.

        That is a vocabulary, or means of frequencies. A task out of a checkpoint knows it already,
        and refuses data of which it does not hold.

        Args:
            data: The data module, set up.

        Raises:
            ValueError: If what is known already is of other data.
        """

    @abstractmethod
    def forward(self, batch: Sample) -> Round:
        """Play a minibatch: sample latents, sample what they become."""

    def read(self, batch: Sample) -> Round:
        """Return a minibatch's real samples as a round, of which nothing else will be read.

        It is played by default; a task that can spare making samples does.
        """
        round: Round = self(batch)
        return round

    def shown(self, round: Round) -> Round:
        """Return what the discriminator is shown of a detached round: all of it, by default.

        A pool of old samples (CycleGAN) stands here; the generator's update sees the round itself.
        """
        return round

    def latents(self, count: int, random: torch.Generator) -> Sample:
        """Return what :meth:`sample` would draw, as a function of a generator's state alone."""
        return NOTHING

    @abstractmethod
    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        """Return ``x`` (count, *shape) and what it was made from, for pictures, metrics, files.

        Args:
            count: How many.
            given: What is not to be drawn: latents ``z``, labels, sources.
        """


class Discriminator(nn.Module, ABC):
    """Tells real samples from generated ones.

    Attributes:
        reads: Keys of a sample; penalties differentiate by those that hold floats.
        gives: Names of what it says beside logits: features, second heads.
        taught: Those of them that mean nothing unless a term teaches them.
        sample_shape: Shape of one ``x``; None where that cannot be told.
        num_classes: Labels that it knows, 0 where there are none.
        packing: Samples that it judges together.
    """

    reads: tuple[str, ...] = ("x",)
    gives: tuple[str, ...] = ()
    taught: tuple[str, ...] = ()
    sample_shape: tuple[int, ...] | None = None
    num_classes: int = 0
    packing: int = 1

    def meet(self, data: Any) -> None:
        """Take up what must be known of the data before the first step; nothing by default.

        Args:
            data: The data module, set up.
        """

    @abstractmethod
    def forward(self, sample: Sample) -> Verdict:
        """Return raw logits and whatever its second heads say."""

    def parts(self) -> Sequence["Discriminator"]:
        """Return the discriminators that each give one kind of logits."""
        return [self]
