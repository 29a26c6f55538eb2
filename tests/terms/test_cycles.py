"""What translations between domains are to leave as it was."""

from typing import Any

import pytest
import torch

from gan_lab.contracts import Round, Sample, Turn, Verdict
from gan_lab.errors import LabError
from gan_lab.terms import CycleConsistency, Identity


def turn(real: Sample, made: Sample) -> Turn:
    nothing: Any = None
    return Turn("generator", Round(real, {}, made), Verdict({}), Verdict({}), nothing, nothing)


REAL = {"a": torch.zeros(2, 3), "b": torch.zeros(2, 3)}


@pytest.mark.parametrize(("kind", "prefix"), [(CycleConsistency, "cycle"), (Identity, "same")])
@pytest.mark.parametrize(("distance", "expected"), [("l1", 2 + 3), ("l2", 4 + 9)])
def test_domains_means_are_added(kind: Any, prefix: str, distance: Any, expected: float) -> None:
    made = {f"{prefix}_a": torch.full((2, 3), 2.0), f"{prefix}_b": torch.full((2, 3), -3.0)}
    assert kind(distance=distance)(turn(REAL, made)).item() == pytest.approx(expected)
    one = kind(distance=distance, domains=("a",))(turn(REAL, made))
    assert one.item() == pytest.approx(4.0 if distance == "l2" else 2.0)
    assert kind.players == ("generator",)


def test_a_task_that_goes_not_back_is_refused_by_a_sentence() -> None:
    with pytest.raises(LabError, match="this round has no same_a; it has cycle_a"):
        Identity()(turn(REAL, {"cycle_a": REAL["a"]}))
