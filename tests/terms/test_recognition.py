"""What second heads are to recognise."""

import math

import pytest
import torch

from gan_lab.contracts import Player, Round, Sample, Turn, Verdict
from gan_lab.errors import LabError
from gan_lab.terms import Classification, CodeRecovery, Information, Term

LABELS = [0, 2, 1, 1, 0]
OTHERS = [1, 1, 0, 2, 2]
CODES = torch.linspace(-1, 1, 10, dtype=torch.float64).reshape(5, 2)


def heads(seed: int, prefix: str = "") -> Sample:
    generator = torch.Generator().manual_seed(seed)
    return {
        f"{prefix}label": torch.randn(5, 3, generator=generator, dtype=torch.float64),
        f"{prefix}code": torch.randn(5, 2, generator=generator, dtype=torch.float64),
    }


def turn(player: Player, real: Sample, fake: Sample, prefix: str = "") -> Turn:
    """Return a turn whose heads saw samples of seed 0 (real) and 1 (generated)."""
    empty = torch.empty(0)
    verdicts = (Verdict({"x": empty}, heads(seed, prefix)) for seed in (0, 1))
    return Turn(player, Round(real, fake), *verdicts, task=None, discriminator=None)


REAL = {"label": torch.tensor(OTHERS)}
FAKE = {"label": torch.tensor(LABELS), "code": CODES}


def cross_entropy(logits: torch.Tensor, labels: list[int]) -> float:
    rows = zip(logits.tolist(), labels, strict=True)
    return sum(math.log(sum(map(math.exp, row))) - row[y] for row, y in rows) / len(labels)


@pytest.mark.parametrize("prefix", ["", "part."])
def test_the_classifier_reads_real_and_generated_samples(prefix: str) -> None:
    term = Classification(head=f"{prefix}label")
    assert term.needs_heads == (f"{prefix}label",)
    on_fake = cross_entropy(heads(1)["label"], LABELS)
    value = term(turn("generator", REAL, FAKE, prefix))
    assert value.item() == pytest.approx(on_fake)
    both = on_fake + cross_entropy(heads(0)["label"], OTHERS)
    value = term(turn("discriminator", REAL, FAKE, prefix))
    assert value.item() == pytest.approx(both)


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_information_reads_generated_samples_alone(player: Player) -> None:
    played = turn(player, {}, FAKE)
    expected = cross_entropy(heads(1)["label"], LABELS)
    assert Information()(played).item() == pytest.approx(expected)
    squares = (heads(1)["code"] - CODES).square().sum().item() / 5 / 2
    assert CodeRecovery()(played).item() == pytest.approx(squares)


@pytest.mark.parametrize("term", [Classification(), Information(), CodeRecovery()])
def test_heads_are_taught_by_both_players_with_gradients(term: Term) -> None:
    assert term.players == ("discriminator", "generator")
    played = turn("discriminator", REAL, FAKE)
    (name,) = term.needs_heads
    logits = played.fake.heads[name].requires_grad_()
    (gradient,) = torch.autograd.grad(term(played), logits)
    assert gradient.any()


def test_nothing_to_recognise_is_refused() -> None:
    for term, name in (
        (Classification(), "label"),
        (Information(), "label"),
        (CodeRecovery(), "code"),
    ):
        with pytest.raises(LabError, match=f"made from no {name} to recognise"):
            term(turn("generator", {}, {}))
    for build in (Classification, Information, CodeRecovery):
        with pytest.raises(ValueError, match="weight must be positive"):
            build(weight=0.0)
        with pytest.raises(ValueError, match="every must be at least 1"):
            build(every=0)
