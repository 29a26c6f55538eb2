"""The two sides of the Dirac-GAN, a number each, for the lab's own module too."""

import torch
from torch import nn

from gan_lab.contracts import NOTHING, Discriminator, Round, Sample, Task, Verdict
from gan_lab.media import Points


class PointTask(Task):
    """A generator that is one point: every sample is θ, and ``noise`` where the batch holds some.

    Args:
        theta: Where it starts.
    """

    def __init__(self, theta: float = 0.0) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(theta, dtype=torch.float64))
        self.medium = Points((1,))

    def forward(self, batch: Sample) -> Round:
        """Return θ as often as there are real samples (N, 1)."""
        noise = batch["noise"] if "noise" in batch else torch.zeros_like(batch["x"])
        return Round({"x": batch["x"]}, {"x": self.theta + noise})

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        """Return θ, ``count`` times."""
        return {"x": self.theta.expand(count, 1)}


class SlopeDiscriminator(Discriminator):
    """D(x) = ψ x + c, with c the logit that is optimal where both distributions agree.

    Args:
        neutral: c.
        psi: ψ at the start.
    """

    sample_shape = (1,)

    def __init__(self, neutral: float, psi: float = 0.0) -> None:
        super().__init__()
        self.linear = nn.Linear(1, 1, bias=False, dtype=torch.float64)
        nn.init.constant_(self.linear.weight, psi)
        self.neutral = neutral

    def forward(self, sample: Sample) -> Verdict:
        """Return logits (N,) of samples (N, 1)."""
        return Verdict({"x": self.linear(sample["x"]).squeeze(1) + self.neutral})
