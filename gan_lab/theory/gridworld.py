"""A grid world, its policies and what they visit, exactly."""

from dataclasses import dataclass

import torch
from torch import Tensor

MOVES = (-1, 0), (1, 0), (0, -1), (0, 1)
"""Up, down, left, right."""


@dataclass(frozen=True)
class GridWorld:
    r"""Steps on a square board, some of which slip.

    An action moves one field; against a wall it moves nothing. With the chance ``slip`` the action
    is another, drawn evenly. An episode begins in a field drawn from ``start`` and ends after each
    step with the chance :math:`1 - \gamma`.

    Attributes:
        size: Fields of an edge.
        slip: In [0, 1].
        discount: :math:`\gamma`, in [0, 1).
    """

    size: int = 4
    slip: float = 0.1
    discount: float = 0.9

    @property
    def states(self) -> int:
        """How many fields there are."""
        return self.size**2

    @property
    def start(self) -> Tensor:
        """Where episodes begin: mostly in the first field, now and then anywhere; (states,)."""
        everywhere = torch.full((self.states,), 0.2 / self.states, dtype=torch.float64)
        everywhere[0] += 0.8
        return everywhere

    @property
    def transitions(self) -> Tensor:
        """The chance of each next field, given field and action: (states, 4, states)."""
        led = torch.zeros(self.states, len(MOVES), self.states, dtype=torch.float64)
        for state in range(self.states):
            row, column = divmod(state, self.size)
            for action, (down, right) in enumerate(MOVES):
                there = row + down, column + right
                inside = all(0 <= place < self.size for place in there)
                led[state, action, there[0] * self.size + there[1] if inside else state] = 1
        mean = led.mean(1, keepdim=True)
        return (1 - self.slip) * led + self.slip * mean

    def occupancy(self, policy: Tensor) -> Tensor:
        r"""Return how often each field and action are met, shape (states, 4), summing to 1.

        .. math:: \rho(s, a) = \pi(a \mid s)\, d(s), \qquad
            d = (1 - \gamma)\, \mu + \gamma P_\pi^\top d

        by solving for :math:`d`, so that gradients flow to the policy.

        References:
            Generative Adversarial Imitation Learning (Ho and Ermon 2016), section 2, arXiv
            1606.03476, there without the factor :math:`1 - \gamma`.

        Args:
            policy: Chances of the actions in each field, shape (states, 4).
        """
        moved = torch.einsum("sa,sat->st", policy, self.transitions)
        eye = torch.eye(self.states, dtype=torch.float64)
        visited: Tensor = torch.linalg.solve(
            eye - self.discount * moved.T, (1 - self.discount) * self.start
        )
        return policy * visited[:, None]

    def expert(self, sharpness: float = 2.0) -> Tensor:
        """Return a policy that mostly heads for the last field, shape (states, 4).

        Args:
            sharpness: Logit of a step that leads nearer.
        """
        logits = torch.zeros(self.states, len(MOVES), dtype=torch.float64)
        for state in range(self.states):
            row, column = divmod(state, self.size)
            logits[state, 1] = sharpness * (row < self.size - 1)
            logits[state, 3] = sharpness * (column < self.size - 1)
        return logits.softmax(1)
