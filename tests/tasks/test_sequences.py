"""A policy that writes: exact probabilities, ends that stay ends, two gradients of one reward."""

from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from torch import Tensor

from gan_lab.contracts import Round, Turn, Verdict
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.media import Text, Vocabulary
from gan_lab.models import LSTMPolicy, Policy, Scores, TokenBackbone, TransformerPolicy
from gan_lab.tasks import Sequences
from gan_lab.terms import Annealing, MaximumLikelihood, PolicyGradient
from tests.game.playing import (
    assert_one_side_moves_at_a_time,
    assert_resumes_bitwise,
    play,
    weights,
)

SIZE, LENGTH = 3, 3
EVERY = torch.tensor(list(product(range(SIZE), repeat=LENGTH)))
POLICIES = {
    "lstm": lambda: LSTMPolicy(SIZE, LENGTH, 4, 5, deviation=1.0),
    "transformer": lambda: TransformerPolicy(SIZE, LENGTH, 4, 1, 2, deviation=1.0),
}


def task(policy: Policy | None = None, **options: Any) -> Sequences:
    torch.manual_seed(0)
    policy = policy or POLICIES["lstm"]()
    return Sequences(policy, Text((policy.length,), policy.vocabulary_size), **options)


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_says_the_same_at_once_and_step_by_step(name: str) -> None:
    torch.manual_seed(0)
    policy: Policy = POLICIES[name]()
    tokens = EVERY[::5]
    inputs, state = policy.first(len(tokens)), None
    for place, together in enumerate(policy(tokens).unbind(1)):
        logits, state = policy.step(inputs, state)
        torch.testing.assert_close(logits, together)
        inputs = policy.embedded(tokens[:, place])
    exact = torch.nn.functional.one_hot(tokens, SIZE).float()
    torch.testing.assert_close(policy.embedded(exact), policy.embedded(tokens))


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("end", [None, 0])
def test_probabilities_of_all_sequences_sum_to_one(name: str, end: int | None) -> None:
    made = task(POLICIES[name](), end=end)
    possible = EVERY
    if end is not None:
        ended = (EVERY[:, :-1] == end).cumsum(1) > 0
        possible = EVERY[~(ended & (EVERY[:, 1:] != end)).any(1)]
    total = made.log_probabilities(possible).sum(1).exp().sum()
    torch.testing.assert_close(total, torch.ones(()))


@pytest.mark.parametrize("end", [None, 0])
def test_sequences_are_written_as_often_as_they_are_probable(end: int | None) -> None:
    made, count = task(end=end), 20_000
    torch.manual_seed(1)
    tokens = made.sample(count)["x"]
    place = (tokens * torch.tensor([9, 3, 1])).sum(1)
    found = place.bincount(minlength=27) / count
    expected = made.log_probabilities(EVERY).sum(1).exp().detach()
    if end is not None:
        seen = (EVERY[:, :-1] == end).cumsum(1) > 0
        expected = expected * ~(seen & (EVERY[:, 1:] != end)).any(1)
    assert (found - expected).abs().max() < 5 * (0.25 / count) ** 0.5


def test_the_largest_relaxed_choice_follows_the_policy() -> None:
    made, count = task(relaxed=True), 20_000
    torch.manual_seed(1)
    with torch.no_grad():
        relaxed, tokens = made.relax(count)
    assert torch.equal(relaxed.argmax(2), tokens)
    found = (tokens * torch.tensor([9, 3, 1])).sum(1).bincount(minlength=27) / count
    expected = made.log_probabilities(EVERY).sum(1).exp().detach()
    assert (found - expected).abs().max() < 5 * (0.25 / count) ** 0.5


def test_a_temperature_sharpens_what_is_written_and_its_probabilities() -> None:
    made = task()
    made.temperature = 0.5
    cold = made.log_probabilities(EVERY).sum(1).exp()
    torch.testing.assert_close(cold.sum(), torch.ones(()))
    made.temperature = 1.0
    assert cold.square().sum() > made.log_probabilities(EVERY).sum(1).exp().square().sum()


def test_continuations_keep_their_beginnings_and_follow_the_policy() -> None:
    made = task()
    torch.manual_seed(1)
    tokens = EVERY[[5, 22]]
    found = made.continued(tokens, 4000)
    assert found.shape == (LENGTH - 1, 4000, 2, LENGTH)
    for kept in range(1, LENGTH):
        assert torch.equal(found[kept - 1, :, :, :kept], tokens[:, :kept].expand(4000, -1, -1))
    probability = made.log_probabilities(EVERY).sum(1).exp()
    begins = EVERY[:, 0] == tokens[0, 0]
    expected = probability[begins] / probability[begins].sum()
    place = (found[0, :, 0, 1:] * torch.tensor([3, 1])).sum(1)
    assert (place.bincount(minlength=9) / 4000 - expected.detach()).abs().max() < 0.05


def test_what_follows_an_end_is_certain_and_does_not_count() -> None:
    made = task(end=0)
    tokens = torch.tensor([[1, 0, 0], [0, 0, 0], [1, 2, 1]])
    assert made.counted(tokens).tolist() == [[1, 1, 0], [1, 0, 0], [1, 1, 1]]
    assert (made.log_probabilities(tokens)[~made.counted(tokens)] == 0).all()
    continued = made.continued(tokens, 5)
    assert (continued[:, :, 1] == 0).all() and (continued[1, :, 0] == torch.tensor([1, 0, 0])).all()


# The gradient of an expected reward


REWARDS = torch.randn(SIZE**LENGTH, generator=torch.Generator().manual_seed(3))


class Table(torch.nn.Module):
    """Judges by a table: the logit of a sequence; of relaxed ones the same, multilinear."""

    def forward(self, sample: Any) -> Verdict:
        x = sample["x"]
        if not x.is_floating_point():
            x = torch.nn.functional.one_hot(x, SIZE).float()
        cube = REWARDS.reshape(SIZE, SIZE, SIZE)
        return Verdict({"x": torch.einsum("na,nb,nc,abc->n", *x.unbind(1), cube)})


def exact_gradient(made: Sequences) -> Tensor:
    value = (made.log_probabilities(EVERY).sum(1).exp() * REWARDS).sum()
    return flat(torch.autograd.grad(value, made.policy.parameters()))


def flat(gradients: Any) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients])


def turn(made: Sequences, round: Round) -> Turn:
    judge: Any = Table()
    found = Turn("generator", round, Verdict({}), judge(round.fake), made, judge)
    found.loss = NonSaturating()
    return found


def standard_errors(estimates: list[Tensor], exact: Tensor) -> Tensor:
    stack = torch.stack(estimates)
    spread = stack.std(0) / len(stack) ** 0.5
    return ((stack.mean(0) - exact) / spread.clamp(min=1e-9)).abs()


@pytest.mark.parametrize(("rollouts", "baseline"), [(0, "none"), (0, "others"), (2, "others")])
def test_policy_gradients_are_those_of_the_expected_reward(rollouts: int, baseline: Any) -> None:
    made = task()
    term = PolicyGradient(rollouts=rollouts, reward="logit", baseline=baseline)
    torch.manual_seed(5)
    batch, estimates = {"x": EVERY[:1].expand(200, -1)}, []
    for _ in range(60):
        value = term(turn(made, made(batch)))
        estimates.append(-LENGTH * flat(torch.autograd.grad(value, made.policy.parameters())))
    assert standard_errors(estimates, exact_gradient(made)).max() < 4.5


def test_straight_through_gradients_are_biased() -> None:
    made = task(relaxed=True)
    torch.manual_seed(5)
    exact = exact_gradient(made)
    errors = {}
    for temperature in (1.0, 0.2):
        made.relaxation.fill_(temperature)
        estimates = []
        for _ in range(60):
            relaxed, _ = made.relax(200)
            (logits,) = Table()({"x": relaxed}).logits.values()
            value = logits.mean()
            estimates.append(flat(torch.autograd.grad(value, made.policy.parameters())))
        off = standard_errors(estimates, exact)
        errors[temperature] = torch.stack(estimates).mean(0) - exact
        if temperature == 1.0:
            assert off.max() > 8  # standard errors: no chance
    assert errors[0.2].norm() < errors[1.0].norm()  # and the less, the colder


# Games


def game(relaxed: bool = False, **options: Any) -> GAN:
    made = task(LSTMPolicy(6, 5, 4, 4), relaxed=relaxed, end=0)
    network = partial(
        TokenBackbone, vocabulary_size=6, embedding=4, windows=(1, 2), width=4, dropout=0.1
    )
    terms: dict[str, Any] = {"likelihood": MaximumLikelihood()}
    if relaxed:
        terms["annealing"] = Annealing(1.0, 0.1, 10)
    else:
        terms["reward"] = PolicyGradient(rollouts=2)
    return GAN(made, Scores(network, (5,)), NonSaturating(), terms, n_critic=2, **options)


def texts(random: torch.Generator) -> dict[str, Tensor]:
    return {"x": torch.randint(1, 6, (8, 5), generator=random)}


@pytest.mark.parametrize("relaxed", [False, True])
def test_one_side_moves_at_a_time_and_resume_is_bitwise(relaxed: bool, tmp_path: Any) -> None:
    assert_one_side_moves_at_a_time(game(relaxed), texts)
    assert_resumes_bitwise(lambda: game(relaxed), texts, tmp_path)


def test_phases_teach_likelihood_then_the_discriminator_then_both() -> None:
    phases = {
        "likelihood": {"steps": 2, "terms": ["likelihood"], "adversarial": False},
        "discriminator": {"steps": 3, "terms": [], "generator": False},
        "adversary": {"terms": ["reward"]},
    }
    sides = []
    for steps in (2, 5, 6):
        torch.manual_seed(0)
        module = game(phases=phases, gradient_clip_val=5.0)
        runner = play(module, texts, steps)
        assert runner.global_step == steps
        sides.append((weights(module.task), weights(module.discriminator)))
    (first, unmoved), (second, taught), (third, further) = sides
    assert torch.equal(first, second) and not torch.equal(unmoved, taught)
    assert not torch.equal(second, third) and not torch.equal(taught, further)


@pytest.mark.parametrize("relaxed", [False, True])
def test_likelihood_alone_learns_the_same_and_writes_nothing(
    relaxed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    phases = {"likelihood": {"steps": 3, "terms": ["likelihood"], "adversarial": False}}
    found, written = [], []
    for read in (Sequences.read, Sequences.forward):
        monkeypatch.setattr(Sequences, "read", read)
        torch.manual_seed(0)
        module = game(relaxed, phases=phases)
        counted = Mock(wraps=module.task.relax if relaxed else module.task.write)
        monkeypatch.setattr(module.task, "relax" if relaxed else "write", counted)
        play(module, texts, 3)
        found.append(weights(module.task))
        written.append(counted.call_count)
    assert torch.equal(*found) and written == [0, 3]


def test_an_adversary_is_shown_what_is_written_from_its_first_step_on() -> None:
    phases = {
        "likelihood": {"steps": 2, "terms": ["likelihood"], "adversarial": False},
        "adversary": {"terms": ["reward"]},
    }
    module = game(phases=phases)
    module.discriminator.reads = ("x", "length")
    play(module, texts, 2)
    with pytest.raises(LabError, match="the discriminator reads length, which"):
        play(module, texts, 3)


def test_the_temperature_falls_while_an_adversary_plays() -> None:
    phases = {
        "likelihood": {"steps": 2, "terms": ["likelihood"], "adversarial": False},
        "adversary": {"terms": []},
    }
    module = game(True, phases=phases)
    play(module, texts, 7)
    torch.testing.assert_close(module.task.relaxation, torch.tensor(0.1**0.5))
    play(module_at_end := game(True), texts, 12)
    torch.testing.assert_close(module_at_end.task.relaxation, torch.tensor(0.1))


# Vocabularies


def test_a_vocabulary_travels_with_the_weights() -> None:
    words = Vocabulary("words", ["", "�", "to", "be", "or", "not"])
    data = SimpleNamespace(medium=Text((5,), 6, "words", words))
    policy = LSTMPolicy(6, 5, 4, 4)
    made = Sequences(policy, Text((5,), 6, "words"), end=0)
    made.meet(data)
    assert made.medium.texts(torch.tensor([[2, 3, 4, 5, 0]])) == ["to be or not"]
    again = Sequences(LSTMPolicy(6, 5, 4, 4), Text((5,), 6, "words"), end=0)
    again.load_state_dict(made.state_dict())
    assert again.medium.texts(torch.tensor([[5, 0, 2, 0, 0]])) == ["not"]
    again.meet(data)
    others = Vocabulary("words", ["", "�", "a", "b", "c", "d"])
    with pytest.raises(ValueError, match="the data's vocabulary is not the one"):
        again.meet(SimpleNamespace(medium=Text((5,), 6, "words", others)))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: Sequences(LSTMPolicy(6, 5, 4, 4), Text((4,), 6)), "make them equal"),
        (lambda: task(end=7), "end must be one of 3 tokens"),
        (lambda: PolicyGradient(reward="gold"), "reward must be one of"),  # type: ignore[arg-type]
        (lambda: PolicyGradient(rollouts=-1), "rollouts must not be negative"),
        (
            lambda: GAN(task(), Scores(partial(TokenBackbone, vocabulary_size=3), (3,)),
                        NonSaturating(), [Annealing()]),
            "this task makes none",
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(wrong: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        wrong()


def test_probabilities_are_of_single_precision_where_networks_are_not() -> None:
    made = task()
    with torch.autocast("cpu", torch.bfloat16):
        found = made.log_probabilities(EVERY)
    assert found.dtype == torch.float32
    assert float(found.detach().sum(1).exp().sum()) == pytest.approx(1, abs=1e-4)
