"""What a policy minimises: rewards of a discriminator's logits, or an expert's actions."""

from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from gan_lab.contracts import Term, Turn
from gan_lab.errors import LabError
from gan_lab.terms.estimators import advantages, standardised

Reward = Literal["positive", "negative", "difference", "constant", "environment"]


def reward(kind: Reward, logits: Tensor) -> Tensor:
    r"""Return what steps earn whose pairs the discriminator gives these logits, D = σ(logit).

    - "positive": :math:`-\log(1 - D)`, which pays for each step: for episodes that end by failing;
    - "negative": :math:`\log D`, which each step costs: for episodes that end by success;
    - "difference": :math:`\log D - \log(1 - D)`, the logit, which is of either sign;
    - "constant": 1, whatever the pair: what the sign alone teaches.

    References:
        Generative Adversarial Imitation Learning (Ho and Ermon 2016), algorithm 1, arXiv
        1606.03476,
        and the authors' code, openai/imitation, scripts/imitate_mj.py (favor_zero_expert_reward),
        for the first two. Learning Robust Rewards with Adversarial Inverse Reinforcement Learning
        (Fu et al. 2018), section 4, arXiv 1710.11248, for the third.

    Example:
        >>> reward("positive", torch.zeros(1)), reward("negative", torch.zeros(1))
        (tensor([0.6931]), tensor([-0.6931]))
    """
    if kind == "positive":
        return softplus(logits)
    if kind == "negative":
        return logsigmoid(logits)
    return logits if kind == "difference" else torch.ones_like(logits)


class ProximalPolicy(Term):
    r"""Generalised advantages, and the clipped ratio of the policy to the one that played.

    .. math:: -E\bigl[\min(\rho A, \operatorname{clip}(\rho, 1 - \epsilon, 1 + \epsilon) A)\bigr]
        + c_v E\bigl[\tfrac12 (V - R)^2\bigr] - c_h E[H(\pi)]

    For the first step on a round the ratio is one, and its gradient that of the plain policy
    gradient; ``descent=proximal`` takes several, which makes it PPO.

    References:
        Proximal Policy Optimization Algorithms (Schulman et al. 2017), equations 7 and 9, arXiv
        1707.06347, and :func:`gan_lab.terms.estimators.advantages`. GAIL (Ho and Ermon 2016) takes
        steps of TRPO instead.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        kind: Of the rewards; see :func:`reward`, or "environment" for its own, which trains an
            expert.
        discount: :math:`\gamma`, in [0, 1].
        trace: :math:`\lambda` of the advantages, in [0, 1].
        clip: :math:`\epsilon`, positive.
        value_weight: :math:`c_v`, not negative.
        entropy_weight: :math:`c_h`, not negative.

    Raises:
        ValueError: If a number is out of range or there is no such reward.
    """

    players = ("generator",)

    def __init__(
        self,
        weight: float = 1.0,
        every: int = 1,
        kind: Reward = "negative",
        discount: float = 0.99,
        trace: float = 0.95,
        clip: float = 0.2,
        value_weight: float = 0.5,
        entropy_weight: float = 0.001,
    ) -> None:
        super().__init__(weight, every)
        if kind not in get_args(Reward):
            raise ValueError(f"kind must be {', '.join(get_args(Reward))}, got {kind!r}")
        for name, number in (("discount", discount), ("trace", trace)):
            if not 0 <= number <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {number}")
        if not clip > 0 or not value_weight >= 0 or not entropy_weight >= 0:
            raise ValueError(
                "clip must be positive, value_weight and entropy_weight not negative, got "
                f"{clip}, {value_weight} and {entropy_weight}"
            )
        self.kind, self.discount, self.trace, self.clip = kind, discount, trace, clip
        self.value_weight, self.entropy_weight = value_weight, entropy_weight

    def forward(self, turn: Turn) -> Tensor:
        made, policy = turn.round.made, policy_of(turn)
        if "counted" not in made:
            raise LabError("this round played no episodes that a policy could learn from")
        counted = made["counted"]
        earned = self.rewards(turn)
        gains, values = self.gains(turn, earned)
        likely, entropies = policy.log_probabilities(made["states"][:, :-1], made["actions"])
        ratio = (likely - made["log_probabilities"]).exp()
        gain = standardised(gains, counted)
        clipped = ratio.clamp(1 - self.clip, 1 + self.clip)
        surrogate = torch.minimum(ratio * gain, clipped * gain)[counted].mean()
        now = policy.value(made["states"][:, :-1]).float()
        error = (now - (gains + values))[counted].square().mean() / 2
        entropy = entropies[counted].mean()
        turn.report |= {
            "policy/entropy": entropy.detach(),
            "policy/value_error": error.detach(),
            "policy/reward": earned[counted].mean(),
            "policy/steps": counted.sum(1).float().mean(),
        }
        found: Tensor = -surrogate + self.value_weight * error - self.entropy_weight * entropy
        return found

    def rewards(self, turn: Turn) -> Tensor:
        """Return what each step earns, shape (N, T); nothing flows back from it."""
        made = turn.round.made
        counted = made["counted"]
        if self.kind == "environment":
            return made["rewards"]
        (logits,) = turn.fake.logits.values()
        found = torch.zeros_like(made["rewards"])
        found[counted] = reward(self.kind, logits.detach().float())
        return found

    def gains(self, turn: Turn, earned: Tensor) -> tuple[Tensor, Tensor]:
        """Return generalised advantages and the values they were estimated with, (N, T) each.

        Where an episode was cut off by its time limit, the value of its last state stands for what
        would have followed: as a step more that earns just what it was expected to.
        """
        made = turn.round.made
        lengths = made["counted"].sum(1)
        place = torch.arange(earned.shape[1] + 1, device=earned.device)
        values = made["values"] * (place < lengths[:, None])
        cut = made["values"].gather(1, lengths[:, None]) * ~made["terminated"][:, None]
        ending = torch.where(place == lengths[:, None], cut, torch.zeros_like(values))
        rewards = torch.nn.functional.pad(earned, (0, 1)) + ending
        nothing = torch.zeros_like(rewards[:, 0])
        found = advantages(rewards, values + ending, nothing, self.discount, self.trace)
        return found[:, :-1], values[:, :-1]


class Cloning(Term):
    r"""The expert's actions shall be likely: behaviour cloning.

    .. math:: -E_{(s, a) \sim \rho_E}[\log \pi(a \mid s)]

    References:
        ALVINN (Pomerleau 1989); the baseline of Ho and Ermon 2016, section 6.
    """

    players = ("generator",)

    def forward(self, turn: Turn) -> Tensor:
        policy = policy_of(turn)
        states, actions = torch.split(turn.round.real["x"], [policy.states, policy.actions], dim=1)
        likely, _ = policy.log_probabilities(states, actions.argmax(dim=1))
        mean: Tensor = likely.mean()
        return -mean


def policy_of(turn: Turn) -> Any:
    """Return the task's policy.

    Raises:
        LabError: If it has none.
    """
    policy = getattr(turn.task, "policy", None)
    if policy is None:
        raise LabError(
            f"the task {type(turn.task).__name__} has no policy; this term is for task=imitation"
        )
    return policy
