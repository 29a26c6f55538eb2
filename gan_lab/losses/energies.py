"""Games of energies, low for real samples: a logit is minus the energy."""

import torch
from torch import Tensor
from torch.nn.functional import relu

from gan_lab.contracts import AdversarialLoss, Turn, Verdict


class EnergyMargin(AdversarialLoss):
    r"""Low energies for real samples, energies of a margin for generated ones.

    .. math::
        L_D = E_p[E(x)] + E_q[\max(0, m - E(x))], \qquad L_G = E_q[E(x)],
        \qquad E(x) = \max(0, -\text{logit})

    At the optimal discriminator, whose energies are 0 where :math:`p \ge q` and m elsewhere,
    :math:`L_D = m (1 - TV(p, q))`.

    References:
        Energy-based Generative Adversarial Network (Zhao et al. 2017), equations 1 and 2, arXiv
        1609.03126.

    Args:
        limit: m, the margin, positive.

    Raises:
        ValueError: If ``limit`` is not positive.
    """

    divergence_name = "total variation (0 to 1), lower bound"
    real_threshold = None

    def __init__(self, limit: float = 1.0) -> None:
        super().__init__()
        if not limit > 0:
            raise ValueError(f"limit must be positive, got {limit}")
        self.limit = limit

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return energy(real).mean() + relu(self.limit - energy(fake)).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return energy(fake).mean()

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return 1 - self.discriminator(real, fake) / self.limit


class BoundaryEquilibrium(AdversarialLoss):
    r"""Reconstruction errors in a balance of the two kinds that is held at :math:`\gamma`.

    .. math::
        L_D = E_p[E(x)] - k\,E_q[E(x)], \qquad L_G = E_q[E(x)],

    and after each update of the discriminator

    .. math:: k \leftarrow \operatorname{clip}_{[0, 1]}(k + \lambda (\gamma\,E_p[E] - E_q[E])).

    The measure of convergence, :math:`M = E_p[E] + |\gamma\,E_p[E] - E_q[E]|`, is reported as
    ``convergence`` and the balance as ``balance``; k is saved with the weights.

    References:
        BEGAN: Boundary Equilibrium Generative Adversarial Networks (Berthelot et al. 2017),
        sections 3.3 and 3.4, arXiv 1703.10717.

    Args:
        gamma: :math:`\gamma`, the generated samples' share of the error, in (0, 1].
        rate: :math:`\lambda`, positive; 0.001 in the paper.

    Raises:
        ValueError: If a number is out of range.
    """

    divergence_name = "real error less k times the generated, negated"
    real_threshold = None
    balance: Tensor

    def __init__(self, gamma: float = 0.75, rate: float = 0.001) -> None:
        super().__init__()
        if not 0 < gamma <= 1:
            raise ValueError(f"gamma must be in (0, 1], got {gamma}")
        if not rate > 0:
            raise ValueError(f"rate must be positive, got {rate}")
        self.gamma, self.rate = gamma, rate
        self.register_buffer("balance", torch.zeros(()))

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return energy(real).mean() - self.balance * energy(fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return energy(fake).mean()

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return -self.discriminator(real, fake)

    @torch.no_grad()
    def after_update(self, turn: Turn) -> None:
        """Move the balance by what the discriminator's turn has shown."""
        if turn.player != "discriminator":
            return
        real, fake = mean_energy(turn.real), mean_energy(turn.fake)
        surplus = self.gamma * real - fake
        self.balance.add_(self.rate * surplus).clamp_(0, 1)
        turn.report["convergence"] = real + surplus.abs()
        turn.report["balance"] = self.balance.clone()


def energy(logits: Tensor) -> Tensor:
    """Return what logits are minus of; a discriminator of other kind has 0 where they exceed 0."""
    return torch.where(logits > 0, 0, -logits)  # unlike a ReLU it has a slope at 0


def mean_energy(verdict: Verdict) -> Tensor:
    """Return the mean energy of all that a verdict speaks of, a scalar."""
    return torch.stack([energy(v.float()).mean() for v in verdict.logits.values()]).mean()
