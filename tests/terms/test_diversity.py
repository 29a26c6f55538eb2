"""Pull-away and mode seeking against sums over pairs and closed forms."""

import math

import pytest
import torch
from torch import Tensor, nn

from gan_lab.contracts import NOTHING, Round, Sample, Task, Turn, Verdict
from gan_lab.errors import LabError
from gan_lab.media import Points
from gan_lab.priors import Normal
from gan_lab.terms import ModeSeeking, PullAway


def pull_away(codes: Tensor) -> Tensor:
    verdict = Verdict({"x": torch.empty(0)}, {"code": codes})
    turn = Turn("generator", Round({}, {}), verdict, verdict, None, None)  # type: ignore[arg-type]
    return PullAway()(turn)


@pytest.mark.parametrize("shape", [(5, 3), (4, 2, 3, 3)])
def test_pull_away_is_the_mean_squared_cosine_over_pairs(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    codes = torch.randn(shape, dtype=torch.float64)
    rows = codes.flatten(1).tolist()
    cosines = [
        sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)
        for i, a in enumerate(rows)
        for j, b in enumerate(rows)
        if i != j
    ]
    expected = sum(cosine**2 for cosine in cosines) / len(cosines)
    assert pull_away(codes).item() == pytest.approx(expected)
    assert torch.autograd.gradcheck(pull_away, (codes.requires_grad_(),))


def test_pull_away_normalises_along_features_and_not_along_the_batch() -> None:
    torch.manual_seed(0)
    codes = torch.randn(6, 4)
    lengths = torch.rand(6, 1) + 0.5
    torch.testing.assert_close(pull_away(lengths * codes), pull_away(codes))
    assert pull_away(torch.eye(4)).item() == pytest.approx(0, abs=1e-12)
    assert pull_away(torch.ones(5, 3)).item() == pytest.approx(1)
    with pytest.raises(LabError, match="one sample only"):
        pull_away(torch.ones(1, 3))


class Stretching(Task):
    """x = s z, and a label that shifts it."""

    medium = Points((3,))
    needs = ("source",)

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor, self.prior = nn.Parameter(torch.tensor(factor)), Normal(3)
        self.given: Sample = {}

    def forward(self, batch: Sample) -> Round:
        return Round(batch, dict(self.sample(len(batch["x"]), batch)))

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        self.given = given
        z = self.prior(count)["z"]
        return {**given, "x": self.factor * z + 10 * given["label"][:, None], "z": z}


@pytest.mark.parametrize("factor", [0.1, 1.0, 4.0])
def test_mode_seeking_is_the_reciprocal_of_how_far_latents_reach(factor: float) -> None:
    torch.manual_seed(0)
    task, term = Stretching(factor), ModeSeeking(epsilon=0.25)
    batch = {"x": torch.zeros(8, 3), "label": torch.arange(8), "source": torch.rand(8, 2)}
    nobody = Verdict({"x": torch.empty(0)})
    turn = Turn("generator", task(batch), nobody, nobody, task, None)  # type: ignore[arg-type]
    value = term(turn)
    assert value.item() == pytest.approx(1 / (factor + 0.25), rel=1e-5)
    assert set(task.given) == {"label", "source"}  # what a sample is made for stays as it was
    (slope,) = torch.autograd.grad(value, task.factor)
    assert slope.item() == pytest.approx(-1 / (factor + 0.25) ** 2, rel=1e-4)
    assert term.players == ("generator",)


def test_mode_seeking_needs_latents_and_a_positive_epsilon() -> None:
    nobody = Verdict({"x": torch.empty(0)})
    turn = Turn("generator", Round({}, {"x": torch.ones(2)}), nobody, nobody, None, None)  # type: ignore[arg-type]
    with pytest.raises(LabError, match="different latents"):
        ModeSeeking()(turn)
    with pytest.raises(ValueError, match="epsilon must be positive"):
        ModeSeeking(epsilon=0)
