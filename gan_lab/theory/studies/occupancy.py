"""Does imitation by a discriminator end where the expert is, and is its value the divergence?"""

import math

import torch
from matplotlib.figure import Figure
from torch import Tensor

from gan_lab.losses import Minimax
from gan_lab.terms.acting import reward
from gan_lab.theory.densities import Discrete
from gan_lab.theory.figures import finish, tiles
from gan_lab.theory.gridworld import GridWorld
from gan_lab.theory.optimal import best_discriminator
from gan_lab.theory.study import Findings, Study, require_at_least
from gan_lab.theory.tabular import on_atoms


class Occupancy(Study):
    r"""Imitate an expert on a grid world, each step against the lab's own optimal discriminator.

    .. math:: V(D^*) = 2 JS(\rho_\pi, \rho_E) - \log 4

    where :math:`\rho` is how often a policy meets each field and action. The policy climbs the
    exact gradient of what it earns under the reward of the frozen discriminator, preconditioned by
    its own chances, as natural policy gradients are.

    References:
        Generative Adversarial Imitation Learning (Ho and Ermon 2016), equations 14 and 15, arXiv
        1606.03476. A Natural Policy Gradient (Kakade 2001).

    Args:
        size: Fields of an edge.
        slip: Chance that a step is another.
        discount: Chance that an episode goes on.
        steps: Of the policy, positive.
        step_size: Of them, positive.
        seed: Of the policies that are compared.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        size: int = 4,
        slip: float = 0.1,
        discount: float = 0.9,
        steps: int = 100,
        step_size: float = 0.2,
        seed: int = 0,
    ) -> None:
        require_at_least("size", size, 2)
        require_at_least("steps", steps, 1)
        if not 0 <= slip < 1 or not 0 <= discount < 1:
            raise ValueError(f"slip and discount must be in [0, 1), got {slip} and {discount}")
        if not step_size > 0:
            raise ValueError(f"step_size must be positive, got {step_size}")
        self.world = GridWorld(size, slip, discount)
        self.steps, self.step_size, self.seed = steps, step_size, seed

    def run(self) -> Findings:
        """Return the value of several policies beside the law, and how imitation goes."""
        findings = Findings("Occupancies on a grid world")
        expert = self.world.occupancy(self.world.expert())
        random = torch.Generator().manual_seed(self.seed)
        shape = self.world.states, expert.shape[1]
        policies = {
            "even policy": torch.zeros(shape, dtype=torch.float64),
            "random policy": torch.randn(shape, generator=random, dtype=torch.float64),
            "a sharper random policy": 3
            * torch.randn(shape, generator=random, dtype=torch.float64),
        }
        for name, logits in policies.items():
            met = self.world.occupancy(logits.softmax(1))
            value, _ = judged(expert, met)
            law = 2 * jensen_shannon(expert, met) - math.log(4)
            findings.add(name, "V(D*), 2 JS(occupancies) - log 4", law, value)
            findings.add(name, "occupancies sum to one", 1.0, float(met.sum()))
        values, last = self.imitate(expert)
        findings.add("imitation", "value at its end, -log 4", -math.log(4), values[-1])
        gap = float((last.softmax(1) - self.world.expert()).abs().max())
        findings.add("imitation", "largest |π - π_E|", 0.0, gap)
        findings.curves["V(D*, π)"] = values
        findings.curves["step"] = [float(step) for step in range(len(values))]
        findings.figures["occupancy"] = self.draw(expert, last, values)
        return findings

    def imitate(self, expert: Tensor) -> tuple[list[float], Tensor]:
        """Return the value before each step and at the end, and the last policy's logits."""
        table = torch.zeros_like(expert)
        values = []
        for _ in range(self.steps):
            table = table.detach().requires_grad_()
            policy = table.softmax(1)
            met = self.world.occupancy(policy)
            value, logits = judged(expert, met.detach())
            values.append(value)
            earned = (met * reward("difference", logits)).sum()
            (climb,) = torch.autograd.grad(earned, table)
            visited = met.detach().sum(1, keepdim=True)
            table = table + self.step_size * climb / (visited * policy.detach())
        values.append(judged(expert, self.world.occupancy(table.detach().softmax(1)))[0])
        return values, table.detach()

    def draw(self, expert: Tensor, logits: Tensor, values: list[float]) -> Figure:
        """Return both occupancies of fields, and the value over the steps."""
        figure, axes = tiles(3, columns=3, width=3.4, height=3.1)
        mine = self.world.occupancy(logits.softmax(1))
        for place, (name, met) in zip(
            axes, (("expert", expert), ("imitation", mine)), strict=False
        ):
            place.imshow(met.sum(1).reshape(self.world.size, -1).tolist(), cmap="viridis")
            finish(place, f"fields that the {name} meets", "", "")
        axes[2].plot([value + math.log(4) for value in values])
        axes[2].set_yscale("log")
        finish(axes[2], "imitation", "policy steps", "V(D*) + log 4 = 2 JS")
        return figure


def judged(expert: Tensor, met: Tensor) -> tuple[float, Tensor]:
    """Return the value of the minimax game on all pairs, and the optimal logits, shaped alike."""
    pair = on_atoms(Discrete(expert.flatten().tolist()), met.flatten())
    optimum = best_discriminator(Minimax(), pair)
    logits = torch.zeros(met.numel(), dtype=torch.float64)  # 0 where next to nobody comes
    logits[optimum.pair.points.long()] = optimum.logits
    return -optimum.loss, logits.reshape(met.shape)


def jensen_shannon(p: Tensor, q: Tensor) -> float:
    """Return the divergence of two tables of chances, in nats."""
    middle = (p + q) / 2
    parts = [(torch.xlogy(x, x) - torch.xlogy(x, middle)).sum() / 2 for x in (p, q)]
    return float(sum(parts))
