"""How likely texts are: generated ones to the truth, and real ones to the generator.

Either alone says little. Whoever writes the truth's likeliest text over and over has the best
likelihood under it; whoever spreads over everything never thinks a real text impossible.
"""

from typing import Protocol

import torch
from torch import Tensor

from gan_lab.contracts import Likelihood, Task
from gan_lab.errors import LabError
from gan_lab.metrics.features import Activations
from gan_lab.metrics.reference import Reference
from gan_lab.metrics.tokens import TokenMetric


class Truth(Protocol):
    """What knows how likely a sequence is, such as :class:`gan_lab.data.Oracle`."""

    def log_probabilities(self, sequences: Tensor) -> Tensor:
        """Return the log-probability of each token given those before it, shape (N, T)."""


class OracleLikelihood(TokenMetric):
    r"""The negative log-likelihood of generated sequences under the truth, in nats a token.

    .. math:: -\frac1T E_q[\log p(x)]

    Real sequences have the truth's entropy, the ideal. Below it a generator repeats what is likely.

    References:
        SeqGAN (Yu et al. 2017), section 5.1, equation 10, arXiv 1609.05473.

    Args:
        reference: Of real sequences.
        oracle: The truth.
    """

    higher_is_better = False
    total: Tensor
    count: Tensor

    def __init__(self, reference: Reference, oracle: Truth) -> None:
        super().__init__(reference)
        self.oracle = oracle
        entropy = -oracle.log_probabilities(reference.real.features.long()).double().mean()
        self.ideals = {"nll_oracle": float(entropy)}
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, generated: Activations) -> None:
        found = self.oracle.log_probabilities(generated.features.long())
        self.total -= found.double().sum().to(self.total.device)
        self.count += found.numel()

    def compute(self) -> dict[str, Tensor]:
        return {"nll_oracle": self.total / self.count}


class HeldOutLikelihood(TokenMetric):
    """The negative log-likelihood of test sequences under the generator, in nats a token.

    It is a figure of the generator and of no samples, so real ones have none.

    Args:
        reference: Of real sequences.
    """

    higher_is_better = False
    of_task = True
    ideals = {"nll_test": 0.0}
    bounds = ("nll_test",)

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.policies: tuple[Likelihood, ...] = ()  # a module of its own is no part of this one

    def update(self, generated: Activations) -> None:
        """Look at no samples."""

    def look_at(self, task: Task | None) -> None:
        self.policies = (task,) if isinstance(task, Likelihood) else ()

    @torch.no_grad()
    def compute(self) -> dict[str, Tensor]:
        if not self.policies:
            raise LabError("nll_test is of generators that know their probabilities; leave it out")
        (policy,) = self.policies
        device = next(policy.parameters()).device  # type: ignore[attr-defined]
        total, count = torch.zeros((), dtype=torch.float64), 0
        for batch in torch.split(self.reference.real.features.long(), 200):
            tokens = batch.to(device)
            total -= policy.log_probabilities(tokens).double().sum().cpu()
            count += int(policy.counted(tokens).sum())
        return {"nll_test": total / count}
