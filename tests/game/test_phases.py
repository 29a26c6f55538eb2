"""Phases: who moves, what counts, at which rate, and a resume across the boundary."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback

from gan_lab.callbacks import RandomState
from gan_lab.contracts import Report, Sample
from gan_lab.descents import Extragradient
from gan_lab.game import GAN
from gan_lab.game.phases import Phases
from gan_lab.losses import NonSaturating
from gan_lab.media import Image
from gan_lab.models import PatchBackbone, PatchReadout, Scores, UNet
from gan_lab.tasks import Translation
from gan_lab.terms import R1, Classification, Reconstruction
from tests.game.playing import Moves, play

SHAPE = (1, 12, 12)
TWO: dict[str, Any] = {
    "pixels": {"steps": 3, "terms": ["pixels"], "adversarial": False, "generator_lr": 1e-3},
    "adversary": {"generator_lr": 1e-4, "discriminator_lr": 2e-4},
}


def pairs(random: torch.Generator) -> Sample:
    return {name: torch.rand(4, *SHAPE, generator=random) * 2 - 1 for name in ("source", "x")}


def game(phases: Any = TWO, **options: Any) -> GAN:
    network = partial(PatchBackbone, width=2, layers=1, norm="none")
    judge = Scores(network, SHAPE, beside={"source": 1}, readout=PatchReadout)
    terms = {"pixels": Reconstruction(1.0), "edges": Reconstruction(2.0), "r1": R1()}
    task = Translation(UNet(width=2, levels=2, dropout=0.0), Image(SHAPE))
    return GAN(task, judge, NonSaturating(), terms, phases=phases, **options)


class Watch(Callback):
    """Notes each step's report, rates and the age of the generator's moments."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.rates: list[tuple[float, float]] = []
        self.ages: list[int] = []

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *_: Any) -> None:
        self.reports.append(outputs)
        self.rates.append(tuple(o.param_groups[0]["lr"] for o in trainer.optimizers))
        states = trainer.optimizers[1].state.values()
        self.ages.append(int(next(iter(states))["step"]))


@pytest.mark.parametrize("n_critic", [1, 2])
def test_the_adversary_rests_in_the_first_phase_and_moves_in_the_second(n_critic: int) -> None:
    torch.manual_seed(0)
    module, moves, watch = game(n_critic=n_critic), Moves(), Watch()
    play(module, pairs, 5, moves, watch)
    both = [*[{"discriminator"}] * n_critic, {"generator"}]
    assert moves.moved == [{"generator"}] * 3 + both * 2
    for report in watch.reports[:3]:
        assert set(report) == {"phase", "term/pixels"} and report["phase"] == 0
    for report in watch.reports[3:]:
        assert {"loss/generator", "term/pixels", "term/edges", "term/r1"} <= set(report)
        assert report["phase"] == 1


def test_each_phase_has_its_rates_and_moments_of_its_own() -> None:
    watch = Watch()
    play(game(), pairs, 5, watch)
    assert watch.rates == [(2e-4, 1e-3)] * 3 + [(2e-4, 1e-4)] * 2
    assert watch.ages == [1, 2, 3, 1, 2]


def test_a_second_phase_is_a_run_of_its_own_from_the_first_ones_weights() -> None:
    torch.manual_seed(0)
    whole, first = game(), game()
    first.load_state_dict(whole.state_dict())
    play(whole, pairs, 3)
    only = game({"pixels": {**TWO["pixels"], "steps": None}})
    only.load_state_dict(first.state_dict())
    play(only, pairs, 3)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, only.state_dict()[name]), name


@pytest.mark.parametrize("step", [2, 3, 4])
def test_a_run_resumes_bitwise_before_at_and_after_the_boundary(step: int, tmp_path: Path) -> None:
    torch.manual_seed(1)
    whole = game()
    play(whole, pairs, 6, RandomState())
    torch.manual_seed(1)
    play(game(), pairs, step, RandomState()).save_checkpoint(tmp_path / "some.ckpt")
    torch.manual_seed(2)
    resumed = game()
    play(resumed, pairs, 6, RandomState(), ckpt_path=tmp_path / "some.ckpt")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_without_phases_all_is_one_that_leaves_rates_alone() -> None:
    phases, watch = Phases(), Watch()
    assert phases.at(0) == phases.at(10**6)
    assert not phases.at(0)[2]  # so that the first optimizer's moments stay
    assert phases.told(3, torch.device("cpu")) == {}
    play(game(None), pairs, 2, watch)
    assert watch.ages == [1, 2] and "phase" not in watch.reports[0]


def test_phases_follow_each_other_and_the_last_goes_on() -> None:
    phases = Phases({"a": {"steps": 2}, "b": None, "c": {"steps": 3}, "d": {"steps": 1}})
    found = [phases.at(step) for step in range(8)]
    assert [number for number, _, _ in found] == [0, 0, 1, 1, 1, 2, 2, 2]
    assert [begins for _, _, begins in found] == [True, False, True, False, False, True, 0, 0]
    quiet = Phases(TWO)
    moved = [quiet.moved("discriminator", step) for step in range(6)]
    assert moved == [False, False, False, False, True, True]
    assert [quiet.moved("generator", step) for step in range(3)] == [False, True, True]


QUIET = {"adversarial": False}


@pytest.mark.parametrize(
    ("phases", "options", "sentence"),
    [
        ({"a": {"steps": 0}}, {}, "steps of a phase must be at least 1, got 0"),
        ({"a": {}, "b": {}}, {}, "phases.a needs a number of steps, as it is not the last"),
        ({"a": {"step": 3}}, {}, "phases.a has no step; it takes steps, terms, adversarial"),
        ({"a": {"generator_lr": 0.0}}, {}, "generator_lr of a phase must be positive, got 0.0"),
        ({"a": {"terms": ["l2"]}}, {}, "phases.a names the term l2; there are pixels, edges, r1"),
        ({"a": {**QUIET, "terms": ["r1"]}}, {}, "so nothing would be learnt"),
        ({"a": QUIET}, {"descent": Extragradient()}, "which needs descent=plain"),
        (
            {"a": {"generator_lr": 1.0}},
            {"scheduler": partial(torch.optim.lr_scheduler.StepLR, step_size=1)},
            "which a schedule would overrule; use scheduler=none",
        ),
    ],
)
def test_phases_that_make_no_sense_are_refused_by_a_sentence(
    phases: Any, options: Any, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        game(phases, **options)
    assert "\n" not in str(refusal.value)


def test_a_phase_without_adversary_has_no_second_heads_to_read() -> None:
    parts = game()
    with pytest.raises(ValueError, match="has no adversary whose label Classification could"):
        GAN(parts.task, parts.discriminator, parts.loss, [Classification()], phases={"a": QUIET})
