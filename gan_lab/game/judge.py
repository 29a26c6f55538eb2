"""How samples come before the discriminator."""

import math
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from gan_lab.contracts import Discriminator, Round, Sample, Scorer, Side, Verdict
from gan_lab.errors import LabError

Named = dict[str, Tensor]


class Judge:
    """Augments samples and asks the discriminator about them.

    Args:
        discriminator: Samples to verdicts.
        augmentations: What samples go through before they are judged.
    """

    def __init__(self, discriminator: Discriminator, augmentations: nn.ModuleDict) -> None:
        self.discriminator = discriminator
        self.augmentations = augmentations

    def __call__(self, sample: Sample) -> Verdict:
        """Return the verdict on a sample."""
        return cast(Verdict, self.discriminator(self.augmented(sample)))

    def augmented(self, sample: Sample) -> Sample:
        """Return a sample of which all that the discriminator reads in floats is augmented."""
        if not self.augmentations:
            return sample
        changed = dict(sample)
        for name in floats(self.discriminator, sample):
            for augmentation in self.augmentations.values():
                changed[name] = augmentation(changed[name])
        return changed

    def both(self, round: Round) -> tuple[Verdict, Verdict]:
        """Judge real and generated samples, in one pass where each is judged on its own."""
        real, fake = round.real, round.fake
        if not self.jointly:
            return self(real), self(fake)
        names = self.discriminator.reads
        count = len(real[names[0]])
        verdict = self({name: torch.cat([real[name], fake[name]]) for name in names})
        parts: tuple[tuple[Named, Named], tuple[Named, Named]] = ({}, {}), ({}, {})
        for place, named in enumerate(verdict):
            for name, value in named.items():
                share = count * len(value) // (count + len(fake[names[0]]))
                halves = torch.split(value, [share, len(value) - share])
                parts[0][place][name], parts[1][place][name] = halves
        return Verdict(*parts[0]), Verdict(*parts[1])

    @cached_property
    def jointly(self) -> bool:
        """Whether one pass over real and generated samples equals a pass over each."""
        return (
            not self.augmentations
            and not moves_at_every_pass(self.discriminator)
            and not couples_samples(self.discriminator)
        )

    def sides(self, round: Round) -> Iterator[tuple[Side, Side]]:
        """Yield what penalties differentiate, for each part of the discriminator: both sides."""
        for part in self.discriminator.parts():
            yield self.side(part, round.real), self.side(part, round.fake)

    def side(self, part: Discriminator, sample: Sample) -> Side:
        """Return the samples that a part reads as one tensor, and what gives their logits.

        Raises:
            LabError: If it reads nothing that can be differentiated by.
        """
        names = floats(part, sample)
        if not names:
            raise LabError(
                f"what this discriminator reads ({', '.join(part.reads)}) holds no floats to "
                "differentiate by; take the penalty away"
            )
        tensors = [sample[name] for name in names]
        # Not by a call of the module, which may be compiled: that has no second derivative.
        score: Scorer = partial(self.score, part.forward, sample, names)
        if len(names) == 1:
            return Side(score, tensors[0])
        return Side(
            lambda flat: score(*split(flat, tensors)),
            torch.cat([tensor.flatten(1) for tensor in tensors], dim=1),
        )

    def score(
        self,
        judge: Callable[[Sample], Verdict],
        sample: Sample,
        names: list[str],
        *tensors: Tensor,
    ) -> Tensor:
        """Return the logits of a sample of which some tensors are others."""
        changed = {**sample, **dict(zip(names, tensors, strict=True))}
        (logits,) = judge(self.augmented(changed)).logits.values()
        return logits


def floats(discriminator: Discriminator, sample: Sample) -> list[str]:
    """Return the keys that a discriminator reads and that hold floats."""
    return [name for name in discriminator.reads if sample[name].is_floating_point()]


def split(flat: Tensor, like: list[Tensor]) -> list[Tensor]:
    """Return samples (N, total) as tensors of the shapes of others."""
    sizes = [math.prod(tensor.shape[1:]) for tensor in like]
    parts = torch.split(flat, sizes, dim=1)
    return [part.reshape(-1, *t.shape[1:]) for part, t in zip(parts, like, strict=True)]


def moves_at_every_pass(network: nn.Module) -> bool:
    """Tell whether a pass in training changes weights, as spectral norm's iteration does."""
    return any(is_parametrized(layer) for layer in network.modules())


def couples_samples(network: nn.Module) -> bool:
    """Tell whether what a network says of a sample depends on the others.

    Batch norm makes it so, and any layer whose class says ``couples_samples = True``.
    """
    norms = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d
    return any(
        isinstance(layer, norms) or getattr(layer, "couples_samples", False)
        for layer in network.modules()
    )
