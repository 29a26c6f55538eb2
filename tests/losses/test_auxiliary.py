"""The second head's objectives."""

import math

import pytest
import torch

from gan_lab.losses import AuxiliaryClassifier, Condition, Information, Recognition


def recognition(seed: int, codes: int = 2) -> Recognition:
    generator = torch.Generator().manual_seed(seed)
    return Recognition(
        torch.randn(5, 3, generator=generator, dtype=torch.float64),
        torch.randn(5, codes, generator=generator, dtype=torch.float64),
    )


def cross_entropy(logits: torch.Tensor, labels: list[int]) -> float:
    rows = zip(logits.tolist(), labels, strict=True)
    return sum(math.log(sum(map(math.exp, row))) - row[y] for row, y in rows) / len(labels)


LABELS = [0, 2, 1, 1, 0]
CODES = torch.linspace(-1, 1, 10, dtype=torch.float64).reshape(5, 2)
CONDITION = Condition(torch.tensor(LABELS), CODES)


@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_the_classifier_reads_real_and_generated_samples(weight: float) -> None:
    real, fake = recognition(0), recognition(1)
    loss = AuxiliaryClassifier(weight)
    on_fake = weight * cross_entropy(fake.classes, LABELS)
    assert loss.generator(fake, CONDITION).item() == pytest.approx(on_fake)
    both = on_fake + weight * cross_entropy(real.classes, LABELS)
    assert loss.discriminator(real, fake, CONDITION).item() == pytest.approx(both)


def test_information_reads_generated_samples_alone() -> None:
    real, fake = recognition(0), recognition(1)
    squares = (fake.codes - CODES).square().sum().item() / 5 / 2
    expected = 0.7 * cross_entropy(fake.classes, LABELS) + 0.2 * squares
    loss = Information(weight=0.7, code_weight=0.2)
    assert loss.generator(fake, CONDITION).item() == pytest.approx(expected)
    assert loss.discriminator(real, fake, CONDITION).item() == pytest.approx(expected)


def test_nothing_to_recognise_is_refused() -> None:
    with pytest.raises(ValueError, match="made from no labels or codes"):
        AuxiliaryClassifier().generator(recognition(0), Condition())
    for build in (AuxiliaryClassifier, Information):
        with pytest.raises(ValueError, match="weight must be positive"):
            build(weight=0.0)
