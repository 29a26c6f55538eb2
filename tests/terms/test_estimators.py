"""Policy gradients against a toy whose sequences can all be written down."""

from itertools import product

import pytest
import torch
from torch import Tensor

from gan_lab.terms.estimators import (
    advantages,
    less_the_others,
    reinforce,
    returns,
    standardised,
)

TOKENS, STEPS = 3, 2
SEQUENCES = torch.tensor(list(product(range(TOKENS), repeat=STEPS)))


class Toy:
    """A policy of two steps, the second of which sees the first, and a reward for each sequence."""

    def __init__(self) -> None:
        random = torch.Generator().manual_seed(0)
        self.first = torch.randn(TOKENS, generator=random, dtype=torch.float64)
        self.second = torch.randn(TOKENS, TOKENS, generator=random, dtype=torch.float64)
        self.rewards = torch.randn(TOKENS, TOKENS, generator=random, dtype=torch.float64) + 2
        self.parameters = [p.requires_grad_() for p in (self.first, self.second)]

    def log_probabilities(self, sequences: Tensor) -> Tensor:
        a, b = sequences.unbind(1)
        chosen = [self.first.log_softmax(0)[a], self.second.log_softmax(1)[a, b]]
        return torch.stack(chosen, dim=1)

    def reward(self, sequences: Tensor) -> Tensor:
        return self.rewards[tuple(sequences.unbind(1))]

    def probability(self, sequences: Tensor) -> Tensor:
        return self.log_probabilities(sequences).sum(1).exp()

    def expected_reward(self) -> Tensor:
        return (self.probability(SEQUENCES) * self.reward(SEQUENCES)).sum()

    def gradient(self, value: Tensor) -> Tensor:
        found = torch.autograd.grad(value, self.parameters, retain_graph=True)
        return torch.cat([g.flatten() for g in found])

    def q_values(self, sequences: Tensor) -> Tensor:
        """Return what is expected after each prefix, as rollouts without end would tell."""
        later = (self.second.softmax(1) * self.rewards).sum(1).detach()
        return torch.stack([later[sequences[:, 0]], self.reward(sequences)], dim=1)


@pytest.fixture
def toy() -> Toy:
    return Toy()


def expectation_over_batches(toy: Toy, advantage: object, size: int) -> Tensor:
    """Return the estimate's expectation: over all batches of ``size`` sequences there are."""
    total = torch.zeros(TOKENS + TOKENS**2, dtype=torch.float64)
    for rows in product(range(len(SEQUENCES)), repeat=size):
        batch = SEQUENCES[list(rows)]
        estimate = toy.gradient(reinforce(toy.log_probabilities(batch), advantage(batch)))  # type: ignore[operator]
        total += toy.probability(batch).prod().detach() * estimate
    return -total


@pytest.mark.parametrize("size", [1, 2])
def test_the_likelihood_ratio_is_unbiased(toy: Toy, size: int) -> None:
    exact = toy.gradient(toy.expected_reward())
    found = expectation_over_batches(toy, lambda b: toy.reward(b)[:, None].expand(-1, STEPS), size)
    torch.testing.assert_close(found, exact)


def test_rewards_of_each_prefixs_continuations_are_unbiased(toy: Toy) -> None:
    exact = toy.gradient(toy.expected_reward())
    torch.testing.assert_close(expectation_over_batches(toy, toy.q_values, 1), exact)


def test_the_mean_of_the_others_is_a_baseline_without_bias(toy: Toy) -> None:
    exact = toy.gradient(toy.expected_reward())
    found = expectation_over_batches(toy, lambda b: less_the_others(toy.q_values(b)), 2)
    torch.testing.assert_close(found, exact)


def test_the_mean_of_all_shrinks_the_gradient_by_its_own_share(toy: Toy) -> None:
    exact = toy.gradient(toy.expected_reward())
    found = expectation_over_batches(toy, lambda b: toy.q_values(b) - toy.q_values(b).mean(0), 2)
    torch.testing.assert_close(found, exact / 2)


def test_a_baseline_lowers_the_variance(toy: Toy) -> None:
    random = torch.Generator().manual_seed(0)
    spread = {}
    for name, rule in (("none", lambda q: q), ("others", less_the_others)):
        estimates = []
        for _ in range(300):
            rows = torch.multinomial(toy.probability(SEQUENCES).detach(), 8, True, generator=random)
            batch = SEQUENCES[rows]
            value = reinforce(toy.log_probabilities(batch), rule(toy.q_values(batch)))
            estimates.append(toy.gradient(value))
        spread[name] = torch.stack(estimates).var(0).sum()
    assert spread["others"] < 0.5 * spread["none"]


def test_returns_are_rewards_to_go_within_an_episode() -> None:
    rewards = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    assert returns(rewards).tolist() == [[10.0, 9.0, 7.0, 4.0]]
    ends = torch.tensor([[False, True, False, False]])
    assert returns(rewards, 0.5, ends).tolist() == [[2.0, 2.0, 5.0, 4.0]]


def test_advantages_are_returns_less_values_at_one_end_and_errors_at_the_other() -> None:
    random = torch.Generator().manual_seed(0)
    rewards, values = torch.randn(2, 3, 5, generator=random).unbind(0)
    last = torch.randn(3, generator=random)
    long = advantages(rewards, values, last, 0.9, 1.0)
    tail = 0.9 ** torch.arange(5, 0, -1) * last[:, None]
    torch.testing.assert_close(long, returns(rewards, 0.9) + tail - values)
    short = advantages(rewards, values, last, 0.9, 0.0)
    following = torch.cat([values[:, 1:], last[:, None]], dim=1)
    torch.testing.assert_close(short, rewards + 0.9 * following - values)


def test_steps_after_the_end_do_not_count() -> None:
    log_probabilities = torch.zeros(2, 3, requires_grad=True)
    counted = torch.tensor([[True, True, False], [True, False, False]])
    reinforce(log_probabilities, torch.ones(2, 3), counted).backward()  # type: ignore[no-untyped-call]
    assert log_probabilities.grad is not None
    assert log_probabilities.grad.tolist() == [[-0.5, -0.5, 0.0], [-0.5, 0.0, 0.0]]


def test_standardised_values_have_mean_zero_and_deviation_one() -> None:
    values = torch.arange(12.0).reshape(3, 4)
    counted = values < 6
    found = standardised(values, counted)[counted]
    assert found.mean().abs() < 1e-6 and abs(float(found.std(unbiased=False)) - 1) < 1e-6


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: reinforce(torch.zeros(2, 3), torch.zeros(2)), "must be of one shape"),
        (lambda: returns(torch.zeros(2, 3), 1.5), "discount must be in"),
        (lambda: less_the_others(torch.zeros(1, 3)), "at least 2 samples"),
    ],
)
def test_bad_input_is_refused_by_a_sentence(wrong: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        wrong()  # type: ignore[operator]


def test_what_counts_may_be_told_by_ones_and_zeros() -> None:
    values, counted = torch.tensor([1.0, 2.0, 3.0, 100.0]), torch.tensor([1.0, 1.0, 1.0, 0.0])
    found = standardised(values, counted)
    assert torch.equal(found, standardised(values, counted.bool()))
    assert float(found[:3].mean()) == pytest.approx(0, abs=1e-6)
