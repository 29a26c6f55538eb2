"""Weight clipping."""

from functools import partial

import pytest
import torch
from torch import nn

from gan_lab.contracts import Player, Round, Turn, Verdict
from gan_lab.models import MLPBackbone, Scores
from gan_lab.terms import WeightClipping


@pytest.mark.parametrize("bound", [0.01, 0.1])
def test_clipping_bounds_every_weight_and_keeps_the_small_ones(bound: float) -> None:
    """After the call no weight is outside the bound, whenever someone looks."""
    torch.manual_seed(0)
    critic = Scores(partial(MLPBackbone, hidden=(16,)), (2,))
    before = [parameter.detach().clone() for parameter in critic.parameters()]
    WeightClipping(bound).project(critic)
    for old, new in zip(before, critic.parameters(), strict=True):
        assert new.abs().max() <= bound
        inside = old.abs() <= bound
        assert torch.equal(new[inside], old[inside])
        assert torch.equal(new[~inside], bound * old[~inside].sign())
    assert any((old.abs() > bound).any() for old in before)


def test_clipping_leaves_buffers_alone() -> None:
    layer = nn.BatchNorm1d(3)
    WeightClipping(0.01).project(layer)
    assert torch.equal(layer.running_var, torch.ones(3))


@pytest.mark.parametrize(("player", "bounded"), [("discriminator", True), ("generator", False)])
def test_clipping_follows_the_discriminators_updates_alone(player: Player, bounded: bool) -> None:
    critic = Scores(partial(MLPBackbone, hidden=(16,)), (2,))
    turn = Turn(player, Round({}, {}), Verdict({}), Verdict({}), task=None, discriminator=critic)
    WeightClipping(0.01).after_update(turn)
    largest = max(parameter.abs().max().item() for parameter in critic.parameters())
    assert (largest <= 0.01) is bounded


@pytest.mark.parametrize("bound", [0.0, -0.01])
def test_clipping_refuses_a_bound_that_is_not_positive(bound: float) -> None:
    with pytest.raises(ValueError, match="bound must be positive"):
        WeightClipping(bound)
