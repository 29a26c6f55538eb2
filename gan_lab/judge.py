"""How samples come before the discriminator."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor, nn

from gan_lab.combinations import couples_samples
from gan_lab.losses import AuxiliaryLoss, Condition, Recognition
from gan_lab.models import Discriminator
from gan_lab.regularizers import Scorer

Verdict = tuple[Tensor, Recognition | None]
"""Logits (N,), and what the second head recognises, where there is one."""


class Judge:
    """Augments samples, binds their labels, and asks the discriminator and its second head.

    Args:
        discriminator: Samples to logits (N,).
        augmentations: What samples go through before they are judged.
        auxiliary: The loss of the discriminator's second head, if it has one.
    """

    def __init__(
        self,
        discriminator: Discriminator,
        augmentations: nn.Sequential,
        auxiliary: AuxiliaryLoss | None,
    ) -> None:
        self.discriminator = discriminator
        self.augmentations = augmentations
        self.auxiliary = auxiliary

    def __call__(self, samples: Tensor, condition: Condition) -> Verdict:
        """Return the verdict on samples (N, *image_shape)."""
        samples = self.augmentations(samples)
        if self.auxiliary is None:
            return self._bound(self.discriminator, condition)(samples), None
        features = self.discriminator.features(samples)
        recognition = Recognition(*(x.float() for x in self.discriminator.recognise(features)))
        return self.discriminator.judge(features), recognition

    def both(self, real: Tensor, fake: Tensor, condition: Condition) -> list[Verdict]:
        """Judge real and generated samples, in one pass where each is judged on its own."""
        if not self.jointly:
            return [self(real, condition), self(fake, condition)]
        logits, _ = self(torch.cat([real, fake]), condition)
        return [(part, None) for part in logits.chunk(2)]

    @cached_property
    def jointly(self) -> bool:
        """Whether one pass over real and generated samples equals a pass over each."""
        return (
            self.discriminator.conditioning == "none"
            and not self.discriminator.spectral_norm  # which moves at every pass
            and not self.augmentations
            and not couples_samples(self.discriminator)
        )

    def scorer(self, condition: Condition) -> Scorer:
        """Return what penalties differentiate: augmentations, then the discriminator."""
        # Not by a call of the module, which may be compiled: that has no second derivative.
        scorer = self._bound(self.discriminator.forward, condition)
        if len(self.augmentations):
            return lambda samples: scorer(self.augmentations(samples))
        return scorer

    def _bound(self, judge: Callable[..., Any], condition: Condition) -> Scorer:
        """Return ``judge`` with labels bound, so that losses and penalties see none."""
        if self.discriminator.conditioning in {"concatenation", "projection"}:
            return partial(judge, labels=condition.labels)
        return judge
