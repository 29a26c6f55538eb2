"""The Dirac-GAN's eigenvalues against Mescheder et al. (1e-4), at other parameters."""

import math

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from torch import Tensor
from torch.nn.functional import softplus

from gan_lab.cli.app import config_dir
from gan_lab.cli.instantiate import build
from gan_lab.descents import Consensus
from gan_lab.losses import (
    AdversarialLoss,
    FDivergence,
    Hinge,
    LeastSquares,
    MaximumMeanDiscrepancy,
    Minimax,
    NonSaturating,
    RelativisticPairing,
    Wasserstein,
)
from gan_lab.terms import R1, R1R2, R2, GradientPenalty, LeCam, Penalty, Side, WeightClipping
from gan_lab.theory.__main__ import given
from gan_lab.theory.catalogue import label, losses, regularizers
from gan_lab.theory.dirac import DiracGame, Method, Steps, neutral_logit
from gan_lab.theory.stability import eigenvalues, flow, map_eigenvalues, trajectory
from gan_lab.theory.studies import Dirac
from gan_lab.theory.studies.dirac import combinations, require_method, verdict

LOGISTIC = [Minimax(), NonSaturating(), RelativisticPairing()]


def pair(damping: float, force: float) -> list[complex]:
    root = complex(damping**2 / 4 - force**2) ** 0.5
    return [-damping / 2 + root, -damping / 2 - root]


def close(found: np.ndarray | None, wanted: list[complex]) -> bool:
    assert found is not None
    # As a set: a double eigenvalue has no order.
    return all(min(abs(found - value)) < 1e-4 for value in wanted) and len(found) == len(wanted)


@pytest.mark.parametrize(
    ("loss", "force"),
    [
        *((loss, 0.5) for loss in LOGISTIC),
        (Wasserstein(), 1.0),
        (Hinge(), 1.0),
        (LeastSquares(), 0.5),
        (LeastSquares(0, 3, 3), 1.5),
        (FDivergence("kl"), 1.0),
        (FDivergence("squared_hellinger"), 1.0),
        (FDivergence("jensen_shannon"), 0.5),
    ],
    ids=lambda x: label(x) if isinstance(x, AdversarialLoss) else str(x),
)
def test_alone_every_loss_rotates(loss, force):
    assert close(eigenvalues(DiracGame(Method(loss))), pair(0, force))


@pytest.mark.parametrize("weight", [0.3, 1.7, 4.0])
@pytest.mark.parametrize("loss", LOGISTIC, ids=label)
def test_r1_and_r2_damp_and_both_together_damp_twice(loss, weight):
    for penalty, damping in ((R1, weight), (R2, weight), (R1R2, 2 * weight)):
        game = DiracGame(Method(loss, (penalty(weight),)))
        assert close(eigenvalues(game), pair(damping, 0.5))
    both = DiracGame(Method(loss, (R1(weight), R2(weight))))
    assert close(eigenvalues(both), pair(2 * weight, 0.5))


@pytest.mark.parametrize("weight", [0.2, 1.3, 6.0])
def test_a_gradient_penalty_with_target_0_damps_and_with_target_1_jumps(weight):
    smooth = DiracGame(Method(Wasserstein(), (GradientPenalty(weight, target=0.0),)))
    assert close(eigenvalues(smooth), pair(2 * weight, 1.0))
    jumping = DiracGame(Method(Wasserstein(), (GradientPenalty(weight),)))
    assert eigenvalues(jumping) is None
    assert verdict(jumping, None) == "does not converge"


@pytest.mark.parametrize("noise", [0.4, 1.1, math.sqrt(2), 2.3])
@pytest.mark.parametrize("loss", [Minimax(), NonSaturating()], ids=label)
def test_instance_noise_damps_and_is_critical_at_variance_2(loss, noise):
    found = eigenvalues(DiracGame(Method(loss, noise=noise)))
    assert close(found, pair(noise**2 / 2, 0.5))
    assert (abs(found.imag).max() > 1e-3) == (noise**2 < 1.99)


@pytest.mark.parametrize("size", [0.05, 0.7, 1.5])
@pytest.mark.parametrize("loss", LOGISTIC, ids=label)
def test_simultaneous_steps_grow_near_the_equilibrium(loss, size):
    found = map_eigenvalues(DiracGame(Method(loss), size), Steps())
    assert abs(found[0]) == pytest.approx(math.sqrt(1 + size**2 / 4), abs=1e-4)


@pytest.mark.parametrize(
    ("size", "discriminator", "generator"), [(0.3, 1, 1), (1.0, 3, 1), (0.9, 2, 5), (4.1, 1, 1)]
)
@pytest.mark.parametrize("loss", [Minimax(), NonSaturating()], ids=label)
def test_alternating_steps_stay_on_the_unit_circle_iff_alpha_is_at_most_2(
    loss, size, discriminator, generator
):
    steps = Steps(False, discriminator, generator)
    alpha = math.sqrt(discriminator * generator) * size / 2
    middle = 1 - alpha**2 / 2
    root = complex(middle**2 - 1) ** 0.5
    found = map_eigenvalues(DiracGame(Method(loss), size), steps)
    assert close(found, [middle + root, middle - root])
    assert (max(abs(found)) < 1 + 1e-4) == (alpha <= 2)


@pytest.mark.parametrize("start", [(0.4, 0.1), (1.0, -0.5), (-0.3, 0.8)])
def test_the_minimax_flow_conserves_the_distance_and_the_others_do_not(start):
    distance = np.linalg.norm(flow(DiracGame(Method(Minimax())), start, 15.0), axis=1)
    assert distance == pytest.approx(distance[0], rel=1e-3)
    slow = np.linalg.norm(flow(DiracGame(Method(NonSaturating())), start, 15.0), axis=1)
    assert slow[-1] < distance[0] - 1e-4


def test_an_alternating_path_is_what_two_plain_updates_make():
    size = 0.3
    path = trajectory(DiracGame(Method(Minimax()), size), (0.8, 0.6), 1, Steps(False))
    psi = 0.6 - size * 0.8 / (1 + math.exp(-0.6 * 0.8))
    theta = 0.8 + size * psi / (1 + math.exp(-psi * 0.8))
    assert path[1] == pytest.approx([theta, psi], abs=1e-12)


def test_clipping_acts_after_every_update():
    game = DiracGame(Method(Wasserstein(), (WeightClipping(0.25),)), 0.5)
    path = trajectory(game, (1.0, 0.2), 20, Steps())
    assert abs(path[1:, 1]).max() == pytest.approx(0.25)


@pytest.mark.parametrize("loss", losses(), ids=label)
def test_the_neutral_logit_lets_nobody_gain(loss):
    assert neutral_logit(loss) == pytest.approx(loss.real_threshold or 0.0, abs=1e-6)


class Stubborn(AdversarialLoss):
    """A user's own loss: a logistic one, three times as strong."""

    divergence_name = "a divergence of my own"

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return 3 * (softplus(-real).mean() + softplus(fake).mean())

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return 3 * softplus(-fake).mean()

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return -self.discriminator(real, fake)


class Shrinking(Penalty):
    """A user's own penalty, on the logits."""

    def __init__(self, weight: float = 2.0, every: int = 1) -> None:
        super().__init__(weight, every)

    def penalty(self, real: Side, fake: Side) -> Tensor:
        return (real.scorer(real.samples + 1) - real.scorer(real.samples)).square().mean()


def test_a_users_own_loss_and_penalty_show_up_unasked():
    assert any(isinstance(loss, Stubborn) for loss in losses())
    assert any(isinstance(item, Shrinking) for item in regularizers())
    names = [method.name for method in combinations(None, None)]
    assert "Stubborn + Shrinking" in names
    findings = Dirac(methods=[], losses=[Stubborn()], regularizers=[Shrinking()], animated=False)
    game = DiracGame(Method(Stubborn(), (Shrinking(),)))
    assert close(eigenvalues(game), pair(4.0, 1.5))
    assert [method.name for method in findings.table] == ["Stubborn", "Stubborn + Shrinking"]


def test_the_study_agrees_with_theory_in_every_row_it_predicts():
    study = Dirac(
        methods=[
            Method(Minimax()),
            Method(Wasserstein(), (GradientPenalty(),)),
            Method(NonSaturating(), noise=0.8),
            Method(NonSaturating(), descent=Consensus(0.8)),
        ],
        losses=[Minimax(), NonSaturating(), Hinge()],
        regularizers=[R1(0.6), WeightClipping(1.0)],
        step_size=0.37,
        rounds=8,
    )
    findings = study.run()
    checked = 0
    for row in findings.rows:
        if row.predicted is None:
            continue
        checked += 1
        assert row.difference == "same" or float(row.difference) < 1e-4, row
    assert checked > 25
    assert set(findings.figures) == {"dirac_portraits"} | (
        {"dirac_table"} if len(study.table) > len(study.shown) else set()
    )
    assert len(findings.animations["dirac"]) == 60


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Method(Minimax(), noise=-1), "noise must not be negative"),
        (lambda: Dirac(step_size=0), "step_size must be positive"),
        (lambda: Dirac(only=["Minimx"]), "did you mean Minimax"),
        (lambda: require_method("x", ["Hinge"]), "known: Hinge"),
    ],
)
def test_bad_input_gets_one_clear_line(build, words):
    with pytest.raises(ValueError, match=words) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_the_field_is_a_function_although_a_term_draws_and_one_remembers():
    assert {LeCam, GradientPenalty} <= {type(item) for item in regularizers()}
    for item in regularizers():
        try:
            game = DiracGame(Method(NonSaturating(), (item,)))
            first = game.velocity((0.4, 0.7))
        except ValueError:
            continue  # only for images
        torch.rand(3)
        assert game.velocity((0.4, 0.7)) == pytest.approx(first, abs=1e-12)
        assert game.point == (0.0, 0.0)


@pytest.mark.parametrize("every", [1, 3, 16])
def test_a_term_that_is_applied_rarely_damps_as_one_that_is_not(every):
    game = DiracGame(Method(Minimax(), (R1(0.7, every=every),)))
    assert close(eigenvalues(game), pair(0.7, 0.5))


def test_every_loss_of_the_command_line_has_a_place_in_the_game():
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        config = compose("theory", ["study=dirac"])
        study = build(config, "study", **given(config))
    games = [DiracGame(method) for method in study.table if not method.regularizers]
    names = {type(game.method.loss).__name__ for game in games}
    assert {"Minimax", "Softmax", "MaximumMeanDiscrepancy", "Symmetric"} <= names
    for game in games:
        values = eigenvalues(game)
        assert values is None or np.isfinite(values).all()


def test_a_kernels_field_is_its_closed_form():
    """MMD² of two atoms is 2 - 2k: the critic climbs it, the generator descends."""
    game = DiracGame(Method(MaximumMeanDiscrepancy("gaussian", [2.0])))
    theta, psi = 0.7, 1.3
    slope = (theta * psi / 4) * math.exp(-((theta * psi) ** 2) / 8)  # of 1 - k at the product
    assert game.velocity((theta, psi)) == pytest.approx((-2 * psi * slope, 2 * theta * slope))
