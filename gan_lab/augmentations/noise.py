"""Instance noise."""

import torch
from torch import Tensor

from gan_lab.augmentations.base import Augmentation


class InstanceNoise(Augmentation):
    r"""Add Gaussian noise to real and generated samples, so that their supports overlap.

    .. math:: x + \sigma_t\,\epsilon, \qquad \epsilon \sim N(0, I),
        \qquad \sigma_t = \sigma \max(0, 1 - t / T)

    References:
        Amortised MAP Inference for Image Super-resolution (Sønderby et al.
        2017), section 3.2, arXiv 1610.04490. Towards Principled Methods for
        Training Generative Adversarial Networks (Arjovsky and Bottou 2017),
        section 3, arXiv 1701.04862.

    Args:
        deviation: :math:`\sigma`, positive.
        anneal_steps: T, discriminator updates until the noise is gone; None keeps it.

    Raises:
        ValueError: If a number is out of range.
    """

    steps: Tensor

    def __init__(self, deviation: float = 0.1, anneal_steps: int | None = None) -> None:
        super().__init__()
        if not deviation > 0:
            raise ValueError(f"deviation must be positive, got {deviation}")
        if anneal_steps is not None and anneal_steps < 1:
            raise ValueError(f"anneal_steps must be at least 1 or null, got {anneal_steps}")
        self.deviation = deviation
        self.anneal_steps = anneal_steps
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, samples: Tensor) -> Tensor:
        noise = self.deviation * torch.randn_like(samples)
        if self.anneal_steps is not None:
            noise = noise * (1 - self.steps / self.anneal_steps).clamp(min=0).to(samples.dtype)
        return samples + noise

    def observe(self, real_logits: Tensor) -> None:
        self.steps.add_(1)
