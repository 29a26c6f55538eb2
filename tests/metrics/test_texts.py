"""Figures of texts against torchmetrics, laws and an oracle that is known."""

from typing import Any

import pytest
import torch
from torchmetrics.functional.text import bleu_score

from gan_lab.data import Oracle
from gan_lab.errors import LabError
from gan_lab.media import Text
from gan_lab.metrics import (
    BLEU,
    Activations,
    Distinct,
    HeldOutLikelihood,
    OracleLikelihood,
    RealWords,
    Reference,
    SelfBLEU,
    TokenFeatures,
    bleu,
    left_out,
)
from gan_lab.metrics.texts import distinct
from gan_lab.metrics.tokens import cut
from gan_lab.models import LSTMPolicy
from gan_lab.tasks import Sequences

FEATURES = TokenFeatures(Text((6,), 5))


def rows(count: int, seed: int, tokens: int = 5) -> torch.Tensor:
    return torch.randint(tokens, (count, 6), generator=torch.Generator().manual_seed(seed))


def reference(real: torch.Tensor, train: torch.Tensor) -> Reference:
    return Reference(FEATURES(real), FEATURES(train), "tokens")


def spoken(sequences: list[tuple[int, ...]]) -> list[str]:
    return [" ".join(map(str, sequence)) for sequence in sequences]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_bleu_is_torchmetrics_own(n: int) -> None:
    made = [row for row in cut(rows(20, 0).tolist(), 0) if row]
    real = [row for row in cut(rows(30, 1).tolist(), 0) if row]
    expected = bleu_score(spoken(made), [spoken(real)] * len(made), n_gram=n)
    assert bleu(made, real)[n - 2] == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize("n", [2, 3])
def test_self_bleu_holds_each_text_against_all_others(n: int) -> None:
    made = [row for row in cut(rows(12, 2).tolist(), 0) if row]
    others = [spoken(made[:i] + made[i + 1 :]) for i in range(len(made))]
    expected = bleu_score(spoken(made), others, n_gram=n)
    assert bleu(made, None)[n - 2] == pytest.approx(float(expected), abs=1e-6)


def test_copies_have_bleu_one_and_one_text_again_and_again_self_bleu_one() -> None:
    real = rows(10, 0) + 1
    told = BLEU(reference(real, real))
    told.update(FEATURES(real))
    assert all(value == 1 for value in told.compute().values())
    alike = SelfBLEU(reference(real, real))
    alike.update(FEATURES(real[:1].expand(10, -1)))
    assert all(value == pytest.approx(1) for value in alike.compute().values())
    assert alike.ideals["self_bleu_2"] == pytest.approx(bleu(cut(real.tolist(), None), None)[0])
    few = Distinct(reference(real, real))
    few.update(FEATURES(torch.arange(1, 7).expand(10, -1)))
    found = {name: float(value) for name, value in few.compute().items()}
    assert found == pytest.approx({"distinct_1": 0.1, "distinct_2": 0.1, "distinct_3": 0.1})


def test_real_words_are_known_and_unseen_ones_from_the_test_split_alone() -> None:
    train = torch.tensor([[3, 4, 2, 3, 0, 0]])  # "34", "3"
    test = torch.tensor([[4, 4, 0, 0, 0, 0]])  # "44"
    metric = RealWords(reference(test, train), end=0)
    made = torch.tensor([[3, 4, 2, 4, 4, 0], [4, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0]])
    metric.update(FEATURES(made))
    found = {name: float(value) for name, value in metric.compute().items()}
    assert found == {"real_words": 0.75, "unseen_words": 0.25}


def test_an_oracles_own_sequences_have_its_entropy_and_uniform_ones_more() -> None:
    oracle = Oracle(5, 6, 4, 4, seed=1)
    random = torch.Generator().manual_seed(0)
    drawn = oracle.sample(4000, random)
    metric = OracleLikelihood(reference(drawn, drawn), oracle)
    metric.update(FEATURES(drawn))
    found = float(metric.compute()["nll_oracle"])
    every = torch.cartesian_prod(*[torch.arange(5)] * 6)
    log_p = oracle.log_probabilities(every).double().sum(1)
    torch.testing.assert_close(
        log_p.exp().sum(), torch.ones((), dtype=torch.double), atol=1e-4, rtol=0
    )
    assert found == pytest.approx(-float((log_p.exp() * log_p).sum()) / 6, abs=0.03)
    assert oracle.uniform() > found
    again = Oracle(5, 6, 4, 4, seed=1)
    assert torch.equal(again.log_probabilities(drawn[:5]), oracle.log_probabilities(drawn[:5]))
    assert not torch.equal(Oracle(5, 6, 4, 4, seed=2).log_probabilities(drawn), log_p)


def test_held_out_likelihood_is_of_the_policy_and_needs_one() -> None:
    task = Sequences(LSTMPolicy(5, 6, 4, 4), Text((6,), 5), end=0)
    real = rows(50, 0)
    metric = HeldOutLikelihood(reference(real, real))
    metric.look_at(task)
    metric.update(FEATURES(real[:1]))  # which is not looked at
    expected = -task.log_probabilities(real).detach().sum() / task.counted(real).sum()
    assert float(metric.compute()["nll_test"]) == pytest.approx(float(expected), rel=1e-5)
    metric.reset()
    metric.look_at(None)
    metric.update(FEATURES(real))
    with pytest.raises(LabError, match="leave it out"):
        metric.compute()
    assert list(left_out({"nll": HeldOutLikelihood}, FEATURES, 0).values()) == [["nll"]]
    assert left_out({"nll": HeldOutLikelihood}, FEATURES, 0, knows_likelihood=True) == {}


@pytest.mark.parametrize("kind", [BLEU, SelfBLEU, Distinct, RealWords])
def test_metrics_of_texts_take_tokens_alone(kind: Any) -> None:
    other = Reference(Activations(torch.zeros(3, 6)), Activations(torch.zeros(3, 6)), "pixels")
    with pytest.raises(ValueError, match="use metrics/features=tokens"):
        kind(other)


@pytest.mark.parametrize(("length", "among"), [(3, 7), (7, 3)])
def test_short_texts_are_marked_down_and_long_ones_are_not(length: int, among: int) -> None:
    made, real = ((rows(20, seed, 3)[:, :2].repeat(1, 4)) for seed in (0, 1))
    ours = [tuple(row) for row in made[:, :length].tolist()]
    theirs = [tuple(row) for row in real[:, :among].tolist()]
    expected = bleu_score(spoken(ours), [spoken(theirs)] * len(ours), n_gram=2)
    assert expected > 0
    assert bleu(ours, theirs)[0] == pytest.approx(float(expected), abs=1e-6)


def test_texts_without_phrases_have_no_different_ones() -> None:
    assert distinct([(1,), (2,)], 2) == 0
