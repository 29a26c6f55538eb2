"""Weight clipping."""

import pytest
import torch
from torch import nn

from gan_lab.models import MLPDiscriminator
from gan_lab.regularizers import WeightClipping


@pytest.mark.parametrize("bound", [0.01, 0.1])
def test_clipping_bounds_every_weight_and_keeps_the_small_ones(bound: float) -> None:
    """After the call no weight is outside the bound, whenever someone looks (trap 18)."""
    torch.manual_seed(0)
    critic = MLPDiscriminator(image_shape=(2,), hidden=(16,))
    before = [parameter.detach().clone() for parameter in critic.parameters()]
    WeightClipping(bound)(critic)
    for old, new in zip(before, critic.parameters(), strict=True):
        assert new.abs().max() <= bound
        inside = old.abs() <= bound
        assert torch.equal(new[inside], old[inside])
        assert torch.equal(new[~inside], bound * old[~inside].sign())
    assert any((old.abs() > bound).any() for old in before)


def test_clipping_leaves_buffers_alone() -> None:
    layer = nn.BatchNorm1d(3)
    WeightClipping(0.01)(layer)
    assert torch.equal(layer.running_var, torch.ones(3))


@pytest.mark.parametrize("bound", [0.0, -0.01])
def test_clipping_refuses_a_bound_that_is_not_positive(bound: float) -> None:
    with pytest.raises(ValueError, match="bound must be positive"):
        WeightClipping(bound)
