"""What a policy learns from, of real sequences and of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from gan_lab.contracts import Discriminator, Likelihood, Sample, Task, Term, Turn
from gan_lab.terms.estimators import less_the_others, reinforce

Reward = Literal["probability", "log_probability", "logit"]
Baseline = Literal["others", "none"]


class SequenceTerm(Term):
    """A term of the generator's that needs to know how likely its choices were."""

    players = ("generator",)

    def check(self, task: Task, discriminator: Discriminator) -> None:
        if not isinstance(task, Likelihood):
            raise ValueError(
                f"{type(self).__name__} needs a task that knows its samples' probabilities, such "
                f"as task=sequences, and this one is {type(task).__name__}"
            )

    @staticmethod
    def policy(turn: Turn) -> Likelihood:
        """Return the generating side, as :meth:`check` has seen it."""
        assert isinstance(turn.task, Likelihood)
        return turn.task


class MaximumLikelihood(SequenceTerm):
    r"""Make real sequences likely: teacher forcing.

    .. math:: -\frac1{\sum_n T_n} \sum_n \sum_t \log \pi(x_{nt} \mid x_{n,<t})

    in nats a token, the end of a sequence being one.
    """

    needs_fake = False

    def forward(self, turn: Turn) -> Tensor:
        policy, tokens = self.policy(turn), turn.round.real["tokens"]
        return -policy.log_probabilities(tokens).sum() / policy.counted(tokens).sum()


class PolicyGradient(SequenceTerm):
    r"""Make likely what the discriminator takes for real.

    .. math:: -\frac1{NT} \sum_n \sum_t \log \pi(x_{nt} \mid x_{n,<t})\, (Q_{nt} - b_t)

    Q is the reward of the whole sequence, or the mean over K sequences that go on by chance from
    the first t tokens. The gradient is that of the expected reward, without bias. As the
    discriminator's gradient does not pass tokens, the adversarial part has none for the generator;
    its weight is of no account.

    References:
        SeqGAN (Yu et al. 2017), section 3.1, equations 4 to 8, arXiv 1609.05473.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        rollouts: K; 0 for the reward of the whole sequence at every place.
        reward: "probability" that the discriminator gives, its "log_probability", or the "logit".
        baseline: "others", the mean of the other sequences' at the same place, or "none".

    Raises:
        ValueError: If there is no such choice, or a number is out of range.
    """

    def __init__(
        self,
        weight: float = 1.0,
        every: int = 1,
        rollouts: int = 16,
        reward: Reward = "probability",
        baseline: Baseline = "others",
    ) -> None:
        super().__init__(weight, every)
        if rollouts < 0:
            raise ValueError(f"rollouts must not be negative, got {rollouts}")
        for name, value, known in [("reward", reward, Reward), ("baseline", baseline, Baseline)]:
            if value not in get_args(known):
                choices = ", ".join(get_args(known))
                raise ValueError(f"{name} must be one of {choices}, got {value!r}")
        self.rollouts, self.reward, self.baseline = rollouts, reward, baseline

    def forward(self, turn: Turn) -> Tensor:
        policy, tokens = self.policy(turn), turn.round.fake["tokens"]
        values = self.values(turn, tokens)
        turn.report["reward"] = values[:, -1].mean()
        if self.baseline == "others":
            values = less_the_others(values)
        likelihood = policy.log_probabilities(tokens)
        return reinforce(likelihood, values, policy.counted(tokens)) / tokens.shape[1]

    @torch.no_grad()
    def values(self, turn: Turn, tokens: Tensor) -> Tensor:
        """Return the expected reward after each place, shape (N, T)."""
        with evaluating(turn.discriminator):
            final = self.rewards(turn, turn.round.fake)
            if not self.rollouts or tokens.shape[1] == 1:
                return final[:, None].expand(-1, tokens.shape[1])
            completed = self.policy(turn).continued(tokens, self.rollouts)
            found = [
                self.rewards(turn, {"x": some.flatten(0, 1)})
                .reshape(self.rollouts, len(tokens))
                .mean(0)
                for some in completed
            ]
        return torch.stack([*found, final], dim=1)

    def rewards(self, turn: Turn, sample: Sample) -> Tensor:
        """Return the rewards (N,) of whole sequences; the mean where several heads judge."""
        assert turn.loss is not None
        logits = turn.discriminator(sample).logits.values()
        scores = [turn.loss.real_sign * (each.float() - self.threshold(turn)) for each in logits]
        mean = torch.stack([score.flatten(1).mean(1) if score.ndim > 1 else score
                            for score in scores]).mean(0)  # fmt: skip
        if self.reward == "logit":
            return mean
        return logsigmoid(mean) if self.reward == "log_probability" else mean.sigmoid()

    @staticmethod
    def threshold(turn: Turn) -> float:
        """Return the logit beyond which the discriminator says "real"; 0 for a critic."""
        assert turn.loss is not None
        return turn.loss.real_threshold or 0.0


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Let a network drop nothing for a while."""
    before = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(before)
