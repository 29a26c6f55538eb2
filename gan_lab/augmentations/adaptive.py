"""Augmentation with a probability that follows the discriminator's overfitting."""

import torch
from torch import Tensor

from gan_lab.augmentations.base import Augmentation
from gan_lab.augmentations.diffaugment import DiffAugment
from gan_lab.contracts import Turn


class AdaptiveAugmentation(Augmentation):
    r"""Augment each sample with probability p, raised while the discriminator overfits.

    Every ``interval`` discriminator updates,

    .. math:: p \leftarrow \operatorname{clamp}(p + \operatorname{sign}(r_t - r^*)\, \Delta, 0, 1),
        \qquad r_t = E[\operatorname{sign}(D(x_{\text{real}}))],

    where :math:`\Delta` lets p cross from 0 to 1 in ``samples_to_one`` real samples. The sign is
    that of the loss's :meth:`~gan_lab.contracts.AdversarialLoss.margin`: which logits say "real" is
    the loss's to know, one half for least squares. A critic, whose logits say neither, is refused.

    References:
        Training Generative Adversarial Networks with Limited Data (Karras et
        al. 2020), section 3, arXiv 2006.06676.

    Args:
        augmentation: What is done to a sample; by default :class:`DiffAugment`.
            Karras et al. use a larger pipeline.
        target: :math:`r^*`, in (0, 1); 0.6 in the paper.
        interval: Updates between changes of p; 4 in the paper.
        samples_to_one: Real samples in which p may go from 0 to 1; 500,000 in the paper.

    Raises:
        ValueError: If a number is out of range.
    """

    needs_margin = True
    probability: Tensor
    signs: Tensor
    updates: Tensor

    def __init__(
        self,
        augmentation: Augmentation | None = None,
        target: float = 0.6,
        interval: int = 4,
        samples_to_one: int = 500_000,
    ) -> None:
        super().__init__()
        if not 0 < target < 1:
            raise ValueError(f"target must be in (0, 1), got {target}")
        for name, value in [("interval", interval), ("samples_to_one", samples_to_one)]:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.augmentation = augmentation or DiffAugment()
        self.target = target
        self.interval = interval
        self.samples_to_one = samples_to_one
        self.register_buffer("probability", torch.zeros(()))
        self.register_buffer("signs", torch.zeros(()))
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

    def forward(self, samples: Tensor) -> Tensor:
        chosen = torch.rand(len(samples), device=samples.device) < self.probability
        chosen = chosen.reshape(-1, *[1] * (samples.ndim - 1))
        return torch.where(chosen, self.augmentation(samples), samples)

    def after_update(self, turn: Turn) -> None:
        if turn.player == "discriminator" and turn.loss is not None:
            logits = next(iter(turn.real.logits.values())).detach()
            margins = turn.loss.margin(logits.float())
            assert margins is not None  # a critic was refused
            self.learn(margins, count=len(turn.round.real[turn.discriminator.reads[0]]))

    @torch.no_grad()
    def learn(self, margins: Tensor, count: int) -> None:
        """Take note of one discriminator update.

        Args:
            margins: By how much each real logit, of a sample, a patch or a pack, says "real".
            count: Real samples that they were given for.
        """
        # Tensors throughout, so that no update waits for the device.
        self.signs.add_(margins.sign().mean())
        self.updates.add_(1)
        due = (self.updates % self.interval == 0).float()
        overfitting = self.signs / self.interval
        step = self.interval * count / self.samples_to_one
        self.probability.add_(due * step * (overfitting - self.target).sign()).clamp_(0, 1)
        self.signs.mul_(1 - due)
