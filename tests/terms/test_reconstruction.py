"""Distances between what was made and what it should be."""

from typing import Any

import pytest
import torch

from gan_lab.contracts import Round, Sample, Turn, Verdict
from gan_lab.errors import LabError
from gan_lab.terms import Reconstruction


def turn(real: Sample, fake: Sample, made: Sample) -> Turn:
    nothing: Any = None
    return Turn("generator", Round(real, fake, made), Verdict({}), Verdict({}), nothing, nothing)


REAL, FAKE = torch.tensor([[0.0, 2.0], [1.0, 1.0]]), torch.tensor([[1.0, 0.0], [1.0, 4.0]])


@pytest.mark.parametrize(("distance", "expected"), [("l1", 6 / 4), ("l2", 14 / 4)])
def test_the_distance_is_a_mean_over_all_values(distance: Any, expected: float) -> None:
    value = Reconstruction(distance=distance)(turn({"x": REAL}, {"x": FAKE}, {}))
    assert value.item() == pytest.approx(expected)


def test_charbonnier_is_smooth_at_nothing_and_l1_far_away() -> None:
    term = Reconstruction(distance="charbonnier")
    assert term(turn({"x": REAL}, {"x": REAL}, {})).item() == pytest.approx(1e-3)
    assert term(turn({"x": REAL}, {"x": FAKE}, {})).item() == pytest.approx(6 / 4, abs=1e-3)


def test_a_mask_says_where_the_distance_counts() -> None:
    real, fake = torch.zeros(2, 3, 2, 2), torch.ones(2, 3, 2, 2)
    fake[:, :, 0, 0] = 3.0
    mask = torch.zeros(2, 1, 2, 2)
    mask[0, 0, 0, 0] = mask[1, 0, 1, 1] = 1.0
    term = Reconstruction(distance="l1", where="mask")
    played = turn({"x": real, "mask": mask}, {"x": fake}, {})
    assert term(played).item() == pytest.approx((3 + 1) / 2)
    nowhere = turn({"x": real, "mask": torch.zeros_like(mask)}, {"x": fake}, {})
    assert term(nowhere).item() == 0.0


def test_what_was_made_for_terms_goes_before_samples() -> None:
    term = Reconstruction(made="cycle", target="source")
    played = turn({"source": REAL}, {"source": FAKE}, {"cycle": REAL + 1})
    assert term(played).item() == pytest.approx(1.0)
    assert Reconstruction()(turn({"x": REAL}, {"x": FAKE}, {"x": REAL})).item() == 0.0


def test_the_generator_alone_minimises_it_and_gradients_reach_what_was_made() -> None:
    assert Reconstruction.players == ("generator",)
    fake = FAKE.clone().requires_grad_()
    Reconstruction()(turn({"x": REAL}, {"x": fake}, {})).backward()
    torch.testing.assert_close(fake.grad, (FAKE - REAL).sign() / 4)


def test_what_is_not_there_is_refused_by_a_sentence() -> None:
    with pytest.raises(LabError, match="this round has no cycle; it has x") as refusal:
        Reconstruction(made="cycle")(turn({"x": REAL}, {"x": FAKE}, {}))
    assert "\n" not in str(refusal.value)
    with pytest.raises(ValueError, match="distance must be l1, l2, charbonnier, got 'l3'"):
        Reconstruction(distance="l3")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="weight must be positive"):
        Reconstruction(weight=-1.0)
