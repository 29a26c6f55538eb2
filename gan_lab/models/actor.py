"""What acts: a distribution over actions, and what it expects to earn."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from gan_lab.models.arguments import require_size


class ActorCritic(nn.Module):
    r"""Two perceptrons of tanh: the logits of actions in a state, and the state's value.

    .. math:: \pi(a \mid s) = \operatorname{softmax}(f(s))_a, \qquad V(s)

    The last layer of the first begins a hundredth as large: all actions are about as likely.

    References:
        Proximal Policy Optimization Algorithms (Schulman et al. 2017), section 6.1, arXiv
        1707.06347, for the size; Generative Adversarial Imitation Learning (Ho and Ermon 2016),
        section 6, arXiv 1606.03476, has two layers of 100.

    Args:
        states: Numbers of a state, positive.
        actions: How many there are, positive.
        hidden: Widths of the hidden layers of each.

    Raises:
        ValueError: If a size is not positive.
    """

    def __init__(self, states: int = 6, actions: int = 3, hidden: Sequence[int] = (64, 64)) -> None:
        super().__init__()
        self.states = require_size("states", states)
        self.actions = require_size("actions", actions)
        self.actor = perceptron([states, *hidden, actions])
        self.critic = perceptron([states, *hidden, 1])
        with torch.no_grad():
            for parameter in self.actor[-1].parameters():
                parameter.mul_(0.01)

    def forward(self, states: Tensor) -> Tensor:
        """Return the logits of actions (..., actions) in states (..., d)."""
        logits: Tensor = self.actor(states)
        return logits

    def value(self, states: Tensor) -> Tensor:
        """Return what is to be earned (...) from states (..., d) on."""
        found: Tensor = self.critic(states)
        return found.squeeze(-1)

    def log_probabilities(self, states: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log-probability of actions (...) in states (..., d), and the entropies."""
        logs = self(states).float().log_softmax(dim=-1)
        chosen = logs.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
        return chosen, -(logs.exp() * logs).sum(dim=-1)


def perceptron(widths: Sequence[int]) -> nn.Sequential:
    """Return linear layers of those widths with tanh between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, require_size("hidden", after)), nn.Tanh()]
    return nn.Sequential(*layers[:-1])
