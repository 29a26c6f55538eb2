"""Occupancies of a grid world against counting, and the value of imitation against its law."""

import math

import pytest
import torch

from gan_lab.theory.gridworld import GridWorld
from gan_lab.theory.studies import Occupancy
from gan_lab.theory.studies.occupancy import jensen_shannon


def test_occupancies_are_what_discounted_steps_count() -> None:
    world = GridWorld(size=3, slip=0.2, discount=0.8)
    random = torch.Generator().manual_seed(0)
    policy = torch.randn(9, 4, generator=random, dtype=torch.float64).softmax(1)
    there, counted = world.start, torch.zeros(9, 4, dtype=torch.float64)
    for step in range(300):
        met = there[:, None] * policy
        counted += (1 - world.discount) * world.discount**step * met
        there = torch.einsum("sa,sat->t", met, world.transitions)
    torch.testing.assert_close(world.occupancy(policy), counted)
    torch.testing.assert_close(world.transitions.sum(2), torch.ones(9, 4, dtype=torch.float64))


def test_the_value_is_the_divergence_of_occupancies_and_imitation_ends_at_the_expert() -> None:
    findings = Occupancy(size=3, steps=40).run()
    laws = [row for row in findings.rows if "JS(occupancies)" in row.quantity]
    assert len(laws) == 3
    for row in findings.rows[:-1]:
        assert isinstance(row.difference, float) and row.difference < 1e-6, row
    assert findings.rows[-1].measured < 1e-4
    values = findings.curves["V(D*, π)"]
    assert values[0] > values[-1] and values[-1] == pytest.approx(-math.log(4), abs=1e-6)
    assert "occupancy" in findings.figures


def test_the_divergence_is_bounded_and_symmetric() -> None:
    p, q = torch.tensor([1.0, 0.0]).double(), torch.tensor([0.0, 1.0]).double()
    assert jensen_shannon(p, q) == pytest.approx(math.log(2))
    assert jensen_shannon(p, p) == 0
    with pytest.raises(ValueError, match="step_size must be positive"):
        Occupancy(step_size=0)
    with pytest.raises(ValueError, match=r"slip and discount must be in \[0, 1\)"):
        Occupancy(discount=1.0)
