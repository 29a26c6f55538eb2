"""Weights that are held where they matter."""

from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.game.objective import judged
from gan_lab.losses import NonSaturating, RelativisticPairing
from gan_lab.models import MLPBackbone, MLPGenerator, Scores
from gan_lab.tasks import Generation
from gan_lab.terms import ElasticWeights
from tests.game.playing import assert_resumes_bitwise, play


def points(random: torch.Generator) -> dict[str, Tensor]:
    return {"x": torch.randn(8, 2, generator=random) + 5}


def game(
    term: ElasticWeights | None = None, frozen: bool = False, loss: type = NonSaturating
) -> GAN:
    torch.manual_seed(0)
    task = Generation(MLPGenerator(3, (2,), (8,)))
    if frozen:
        next(task.parameters()).requires_grad_(False)
    discriminator = Scores(partial(MLPBackbone, hidden=(8,)), (2,))
    return GAN(task, discriminator, loss(), {} if term is None else {"elastic": term})


def drift(module: GAN) -> float:
    start = list(game().task.parameters())
    moved = zip(module.task.parameters(), start, strict=True)
    return sum(float((p - s).detach().square().sum()) for p, s in moved)


def test_information_is_the_mean_square_of_each_samples_gradient() -> None:
    module = game(ElasticWeights(samples=5))
    round = module.task(points(torch.Generator().manual_seed(1)))
    turn = judged(module.judge, module.task, "generator", round, False)
    turn.loss = module.loss
    torch.manual_seed(7)
    term = module.terms["elastic"]
    assert float(term(turn).detach()) == 0 and bool(term.begun)
    torch.manual_seed(7)
    parameters = list(module.task.parameters())
    expected = [torch.zeros_like(p) for p in parameters]
    for _ in range(5):
        logit = module.discriminator(module.task.sample(1)).logits["x"]
        parts = torch.autograd.grad(torch.nn.functional.softplus(-logit).sum(), parameters)
        expected = [e + p.square() / 5 for e, p in zip(expected, parts, strict=True)]
    for index, value in enumerate(expected):
        torch.testing.assert_close(term.get_buffer(f"information_{index}"), value)
    with torch.no_grad():
        parameters[1] += 0.5
    torch.testing.assert_close(term(turn).detach(), 0.25 * expected[1].sum())


def test_the_heavier_it_is_the_less_the_weights_move() -> None:
    moved = []
    for weight in (None, 1e2, 1e6):
        module = game(None if weight is None else ElasticWeights(weight, samples=8))
        play(module, points, 15)
        moved.append(drift(module))
    assert moved[0] > moved[1] > moved[2] > 0


def test_it_resumes_bitwise_and_leaves_frozen_weights_alone(tmp_path: Path) -> None:
    assert_resumes_bitwise(lambda: game(ElasticWeights(samples=3), frozen=True), points, tmp_path)


def test_it_wants_a_loss_of_generated_samples() -> None:
    with pytest.raises(LabError, match="a loss of generated samples alone"):
        play(game(ElasticWeights(), loss=RelativisticPairing), points, 1)
    with pytest.raises(ValueError, match="samples must be at least 1"):
        ElasticWeights(samples=0)


def test_one_sample_is_enough_to_estimate_from() -> None:
    assert ElasticWeights(samples=1).samples == 1
