"""Acting as an expert does."""

import torch
from torch import Tensor

from gan_lab.contracts import NOTHING, Round, Sample, Task
from gan_lab.environments import Environment, Episodes
from gan_lab.errors import LabError
from gan_lab.media import Points
from gan_lab.models import ActorCritic


class Imitation(Task):
    r"""A policy plays whole episodes, and the pairs of state and action are told from an expert's.

    .. math:: \text{real: } (s, a) \sim \rho_E, \qquad \text{generated: } (s, a) \sim \rho_\pi

    No gradient flows from a pair to the policy: :class:`gan_lab.terms.ProximalPolicy` makes rewards
    of the discriminator's logits. Each round plays new episodes, all from their beginnings, so that
    a run that goes on plays those that it would have played.

    References:
        Generative Adversarial Imitation Learning (Ho and Ermon 2016), algorithm 1, arXiv
        1606.03476.

    Args:
        policy: States to distributions over actions.
        environment: That Gymnasium knows by this name.
        episodes: Of a round, side by side; 0 for none, as cloning needs none.
        seed: Of the episodes' beginnings.

    Raises:
        ValueError: If a number is negative.
        LabError: If there is no such environment, or it has other states or actions.
    """

    takes = ("x",)
    needs = ("state",)
    played: Tensor

    def __init__(
        self, policy: ActorCritic, environment: str = "Acrobot-v1", episodes: int = 8, seed: int = 0
    ) -> None:
        super().__init__()
        if episodes < 0 or seed < 0:
            raise ValueError(f"episodes and seed must not be negative, got {episodes} and {seed}")
        self.policy, self.episodes, self.seed = policy, episodes, seed
        self.environment = Environment(environment, policy.states, policy.actions)
        self.medium = Points((policy.states + policy.actions,))
        self.register_buffer("played", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def act(self, states: Tensor) -> Tensor:
        """Return an action (m,) for each state (m, d), drawn from the policy."""
        device = self.played.device
        logits = self.policy(states.to(device)).float()
        chances = torch.distributions.Categorical(logits=logits).probs
        return torch.multinomial(chances, 1)[:, 0].cpu()

    @torch.no_grad()
    def likeliest(self, states: Tensor) -> Tensor:
        """Return the likeliest action (m,) in each state (m, d)."""
        actions: Tensor = self.policy(states.to(self.played.device)).argmax(dim=1).cpu()
        return actions

    def forward(self, batch: Sample) -> Round:
        """Play episodes; what the policy thought of them is what else the round made."""
        if batch["x"].shape[1:] != self.medium.shape:
            raise LabError(
                f"an expert's pairs must be of shape {list(self.medium.shape)} here, got "
                f"{list(batch['x'].shape[1:])}; data and policy must be of one environment"
            )
        if not self.episodes:
            return Round(batch, {"x": batch["x"][:0]})
        first = 2**20 * (1 + self.seed) + int(self.played)
        self.played += self.episodes
        played = self.environment.play(self.act, range(first, first + self.episodes))
        pairs = played.pairs(self.policy.actions).to(batch["x"].device)
        return Round(batch, {"x": pairs}, self.thought(played))

    @torch.no_grad()
    def thought(self, played: Episodes) -> Sample:
        """Return episodes with the policy's log-probabilities and values of them, by name."""
        device = self.played.device
        states, actions = played.states.to(device), played.actions.to(device)
        likely, _ = self.policy.log_probabilities(states[:, :-1], actions)
        return {
            "states": states,
            "actions": actions,
            "rewards": played.rewards.to(device),
            "counted": played.counted.to(device),
            "terminated": played.terminated.to(device),
            "log_probabilities": likely,
            "values": self.policy.value(states).float(),
        }

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        """Return pairs ``x`` of the given states ``state`` (count, d), scaled, and actions there.

        Raises:
            LabError: If no states are given.
        """
        if "state" not in given:
            raise LabError("a policy acts in states; give state")
        states = given["state"].to(self.played.device)
        chosen = torch.nn.functional.one_hot(self.act(states), self.policy.actions)
        return {"x": torch.cat([states, chosen.to(states)], dim=1), "state": states}
