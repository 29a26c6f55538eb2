"""What changes in the course of a run, by the generator's updates alone."""

import torch
from torch import Tensor

from gan_lab.contracts import Discriminator, Rule, Task, Turn
from gan_lab.terms.base import require_positive


class Annealing(Rule):
    r"""Let the temperature of relaxed choices fall, by a factor that is the same at every step.

    .. math:: \tau_n = \tau_0\, (\tau_N / \tau_0)^{\min(n, N) / N}

    References:
        RelGAN: Relational Generative Adversarial Networks for Text Generation (Nie et al. 2019),
        section 2.2: the inverse temperature grows as :math:`\beta_N^{n/N}`, to 100 or 1000.

    Args:
        start: The first temperature, positive.
        end: The last, positive.
        steps: N, the generator's updates until then, positive; those while no adversary plays do
            not count.

    Raises:
        ValueError: If a number is out of range.
    """

    steps_taken: Tensor

    def __init__(self, start: float = 1.0, end: float = 0.01, steps: int = 5000) -> None:
        super().__init__()
        self.start, self.end = require_positive("start", start), require_positive("end", end)
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}")
        self.steps = steps
        self.register_buffer("steps_taken", torch.zeros((), dtype=torch.int64))

    def check(self, task: Task, discriminator: Discriminator) -> None:
        if not getattr(task, "relaxed", False):
            raise ValueError(
                "Annealing lowers the temperature of relaxed choices, and this task makes none; "
                "use task=sequences with task.relaxed=true"
            )

    def after_update(self, turn: Turn) -> None:
        if turn.player == "generator" and turn.fake.logits:
            self.steps_taken.add_(1)
            share = (self.steps_taken / self.steps).clamp(max=1)
            relaxation: Tensor = turn.task.relaxation  # type: ignore[assignment]
            relaxation.copy_(self.start * (self.end / self.start) ** share)
