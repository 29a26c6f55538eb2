"""Penalties on the logits themselves."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_lab.augmentations import Augmentation, Translation
from gan_lab.contracts import Discriminator, Task
from gan_lab.terms.base import Penalty, Scorer, Side, Term, Turn


class LeCam(Term):
    r"""Hold each kind's logits near the moving average of the other kind's.

    .. math::
        \lambda\, (E_p[(D(x) - \alpha_q)^2] + E_q[(D(x) - \alpha_p)^2])

    where :math:`\alpha_p, \alpha_q` are exponential moving averages of the mean
    real and generated logit. With Wasserstein's loss it makes the value a
    LeCam divergence.

    References:
        Regularizing Generative Adversarial Networks under Limited Data (Tseng
        et al. 2021), equations 7 and 8, arXiv 2104.03310.

    Args:
        weight: :math:`\lambda`, positive; 0.01 to 0.3 in the paper.
        decay: Of the averages, in [0, 1); 0.99 in the paper.
        every: See :class:`Term`.

    Raises:
        ValueError: If a number is out of range.
    """

    anchors: Tensor
    count: Tensor

    def __init__(self, weight: float = 0.1, decay: float = 0.99, every: int = 1) -> None:
        super().__init__(weight, every)
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be in [0, 1), got {decay}")
        self.decay = decay
        self.register_buffer("anchors", torch.zeros(2))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def forward(self, turn: Turn) -> Tensor:
        real, fake = (
            torch.cat([at_least_single(x).flatten() for x in verdict.logits.values()])
            for verdict in (turn.real, turn.fake)
        )
        return self.distance(real, fake)

    def distance(self, real: Tensor, fake: Tensor) -> Tensor:
        """Take logits (N,) into the averages and return their distance from them, a scalar."""
        means = torch.stack([real.detach().mean(), fake.detach().mean()])
        self.anchors.lerp_(means.to(self.anchors), 1 - self.decay)
        self.count.add_(1)
        # As Adam does: the average starts at zero and is corrected for it.
        corrected = self.anchors / (1 - self.decay**self.count)
        real_anchor, fake_anchor = corrected.unbind()
        return (real - fake_anchor).square().mean() + (fake - real_anchor).square().mean()


def at_least_single(logits: Tensor) -> Tensor:
    """Return logits in single precision, or in double where they are."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


class Consistency(Penalty):
    r"""Ask for the same logit before and after an augmentation T.

    .. math:: \lambda\, E_p[(D(x) - D(T(x)))^2]

    and, where ``balanced``, the same on generated samples.

    References:
        Consistency Regularization for Generative Adversarial Networks (Zhang et
        al. 2020), equation 3, arXiv 1910.12027. Improved Consistency
        Regularization for GANs (Zhao et al. 2021), section 2.1, arXiv
        2002.04724, for ``balanced``.

    Args:
        weight: :math:`\lambda`, positive; 10 in the paper.
        augmentation: T, maps samples to samples of the same shape; by default
            a translation by up to an eighth of the image.
        balanced: Whether generated samples count too.
        every: See :class:`Term`.

    Raises:
        ValueError: If a number is out of range.
    """

    per_sample = False

    def __init__(
        self,
        weight: float = 10.0,
        augmentation: Callable[[Tensor], Tensor] | None = None,
        balanced: bool = False,
        every: int = 1,
    ) -> None:
        super().__init__(weight, every)
        self.augmentation = augmentation or Translation()
        self.balanced = balanced

    def penalty(self, real: Side, fake: Side) -> Tensor:
        distance = self.distance(*real)
        if self.balanced:
            distance = distance + self.distance(*fake)
        return distance

    def check(self, task: Task, discriminator: Discriminator) -> None:
        if isinstance(self.augmentation, Augmentation):
            self.augmentation.check(task, discriminator)

    def distance(self, discriminator: Scorer, samples: Tensor) -> Tensor:
        """Return the mean squared change of the logit, a scalar."""
        difference = discriminator(samples) - discriminator(self.augmentation(samples))
        return difference.square().mean()
