"""The descents of real runs on the Dirac-GAN: closed forms, and the same steps as the module's."""

from collections.abc import Iterable
from functools import partial

import numpy as np
import pytest
import torch
from pytorch_lightning import Callback, Trainer

from gan_lab.contracts import Descent
from gan_lab.data import BatchLoader
from gan_lab.descents import Consensus, Extragradient, Optimistic, Plain
from gan_lab.game import GAN
from gan_lab.losses import (
    AdversarialLoss,
    LeastSquares,
    Minimax,
    NonSaturating,
    RelativisticPairing,
    Wasserstein,
)
from gan_lab.terms import R1, R1R2, GradientPenalty, WeightClipping
from gan_lab.theory.catalogue import Regularizer, label
from gan_lab.theory.dirac import DiracGame, Method, Point, Steps, neutral_logit
from gan_lab.theory.dirac_laws import predicted, predicted_round
from gan_lab.theory.dirac_sides import PointTask, SlopeDiscriminator
from gan_lab.theory.stability import eigenvalues, map_eigenvalues, trajectory

GAMES = [
    (Minimax(), 0.5),
    (NonSaturating(), 0.5),
    (Wasserstein(), 1.0),
    (LeastSquares(0, 3, 3), 1.5),
]
ALTERNATING = Steps(simultaneous=False)


def same(found: Iterable[complex] | None, wanted: Iterable[complex]) -> bool:
    """Whether two spectra agree within 1e-6, in whatever order."""
    assert found is not None
    distances = abs(np.subtract.outer(np.array(list(found)), np.array(list(wanted))))
    return max(distances.min(0).max(), distances.min(1).max()) < 1e-6


def both(real: float, imaginary: float) -> list[complex]:
    return [complex(real, imaginary), complex(real, -imaginary)]


@pytest.mark.parametrize("weight", [0.25, 1.5, 3.0])
@pytest.mark.parametrize(("loss", "force"), GAMES)
def test_consensus_damps_a_rotation_by_its_frequency_squared(loss, force, weight):
    method = Method(loss, descent=Consensus(weight))
    wanted = both(-weight * force**2, force)
    assert same(eigenvalues(DiracGame(method)), wanted)
    assert same(predicted(method, 0.2), wanted)


@pytest.mark.parametrize("size", [0.05, 0.3, 0.9])
@pytest.mark.parametrize(("loss", "force"), GAMES)
def test_extragradient_follows_the_field_one_step_ahead(loss, force, size):
    method = Method(loss, descent=Extragradient())
    wanted = both(-size * force**2, force)
    assert same(eigenvalues(DiracGame(method, size)), wanted)
    assert same(predicted(method, size), wanted)


@pytest.mark.parametrize("size", [0.1, 0.6])
@pytest.mark.parametrize("penalty", [R1(0.4), R1R2(0.9), R1(3.0)], ids=label)
def test_extragradient_squares_the_eigenvalues_of_a_damped_game_too(penalty, size):
    plain = np.array(predicted(Method(Wasserstein(), (penalty,)), size))
    game = DiracGame(Method(Wasserstein(), (penalty,), descent=Extragradient()), size)
    assert same(eigenvalues(game), plain + size * plain**2)


@pytest.mark.parametrize("size", [0.05, 0.3, 0.9])
@pytest.mark.parametrize(("loss", "force"), GAMES)
def test_a_simultaneous_extragradient_round_is_1_plus_h_lambda_plus_its_square(loss, force, size):
    game = DiracGame(Method(loss, descent=Extragradient()), size)
    turn = size * np.array([1j, -1j]) * force
    assert same(map_eigenvalues(game, Steps()), 1 + turn + turn**2)


@pytest.mark.parametrize("steps", [Steps(), ALTERNATING, Steps(False, 3, 1), Steps(False, 2, 4)])
@pytest.mark.parametrize("size", [0.1, 0.45])
@pytest.mark.parametrize("descent", [Plain(), Consensus(0.8), Extragradient()], ids=label)
@pytest.mark.parametrize(("loss", "force"), GAMES)
def test_a_round_is_the_product_of_its_steps(loss, force, descent, size, steps):
    method = Method(loss, descent=descent)
    pull = {Plain: 0.0, Consensus: 0.8 * force**2, Extragradient: size * force**2}[type(descent)]
    field = np.array([[-pull, force], [-force, -pull]])
    one = [np.eye(2) + size * np.diag(who) @ field for who in ([1, 0], [0, 1])]
    matrix = np.linalg.matrix_power(one[0], steps.generator)
    matrix = matrix @ np.linalg.matrix_power(one[1], steps.discriminator)
    if steps.simultaneous:
        matrix = np.eye(2) + size * field
    wanted = np.linalg.eigvals(matrix)
    assert same(map_eigenvalues(DiracGame(method, size), steps), wanted)
    assert same(predicted_round(method, size, steps), wanted)


@pytest.mark.parametrize("size", [0.1, 0.3, 0.55])
@pytest.mark.parametrize(("loss", "force"), GAMES)
def test_an_optimistic_round_remembers_the_step_before(loss, force, size):
    method = Method(loss, descent=Optimistic())
    turn = np.array([[0, size * force], [-size * force, 0]])  # of (ω, the step before)
    matrix = np.block([[np.eye(2) + 2 * turn, -np.eye(2)], [turn, np.zeros((2, 2))]])
    wanted = np.linalg.eigvals(matrix)
    found = map_eigenvalues(DiracGame(method, size), Steps())
    assert same(found, wanted)
    assert same(predicted_round(method, size, Steps()), wanted)
    assert (max(abs(found)) < 1) == (size * force < 1 / np.sqrt(3))


def real_run(
    loss: AdversarialLoss,
    terms: tuple[Regularizer, ...],
    descent: Descent,
    start: Point,
    size: float,
    rounds: int,
    n_critic: int = 1,
) -> np.ndarray:
    """Return where the lab's own module goes, shape (rounds + 1, 2)."""
    task, discriminator = PointTask(start[0]), SlopeDiscriminator(neutral_logit(loss), start[1])
    step = partial(torch.optim.SGD, lr=size)
    module = GAN(task, discriminator, loss, terms, descent, step, step, n_critic=n_critic)
    path = [start]

    class Watch(Callback):
        def on_train_batch_end(self, *_: object) -> None:
            path.append((task.theta.item(), discriminator.linear.weight.item()))

    trainer = Trainer(
        max_steps=rounds,
        max_epochs=-1,
        accelerator="cpu",
        callbacks=[Watch()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    data = torch.zeros(20 * n_critic, 1, dtype=torch.float64)
    trainer.fit(module, BatchLoader(data, torch.zeros(len(data)), 2, n_critic))
    return np.array(path)


@pytest.mark.parametrize("n_critic", [1, 3])
@pytest.mark.parametrize(
    "descent", [Plain(), Consensus(0.7), Extragradient(), Optimistic()], ids=label
)
@pytest.mark.parametrize(
    ("loss", "terms"),
    [
        (NonSaturating(), ()),
        (RelativisticPairing(), ()),
        (LeastSquares(), (R1(0.8),)),
        (Wasserstein(), (GradientPenalty(0.3),)),
        (Wasserstein(), (WeightClipping(0.45),)),
        (Minimax(), (R1R2(0.4), WeightClipping(0.7))),
    ],
)
def test_the_module_of_real_runs_moves_as_theory_does(loss, terms, descent, n_critic):
    found = real_run(loss, terms, clone(descent), (0.7, 0.4), 0.3, 12, n_critic)
    game = DiracGame(Method(loss, terms, descent=descent), 0.3)
    wanted = trajectory(game, (0.7, 0.4), 12, Steps(False, n_critic, 1))
    assert found.shape == (13, 2)
    assert abs(found - wanted).max() < 1e-14


def clone(descent: Descent) -> Descent:
    """Return a descent that remembers nothing yet."""
    return Consensus(descent.weight) if isinstance(descent, Consensus) else type(descent)()


@pytest.mark.parametrize("loss", [Minimax(), Wasserstein()], ids=label)
def test_extragradient_and_optimistic_runs_converge_where_plain_ones_turn(loss):
    size, rounds = 0.3, 300
    ends = {}
    for descent in (Plain(), Extragradient(), Optimistic(), Consensus(1.0)):
        path = real_run(loss, (), descent, (0.8, 0.6), size, rounds)
        ends[type(descent).__name__] = float(np.linalg.norm(path[-20:], axis=1).max())
    assert ends.pop("Plain") > 0.8
    assert max(ends.values()) < 0.05


@pytest.mark.parametrize("descent", [Extragradient(), Optimistic(), Consensus(1.0)], ids=label)
def test_simultaneous_steps_of_a_bilinear_game_grow_plainly_and_converge_otherwise(descent):
    ends = [
        np.linalg.norm(
            trajectory(DiracGame(Method(Wasserstein(), descent=d), 0.3), (1, 1), 200, Steps())[-1]
        )
        for d in (Plain(), descent)
    ]
    assert ends[0] > 100
    assert ends[1] < 1e-3


def test_methods_are_called_by_what_they_do():
    names = [
        Method(NonSaturating(), descent=descent).name
        for descent in (Plain(), Consensus(1.0), Extragradient(), Optimistic())
    ]
    assert names == [
        "NonSaturating",
        "NonSaturating + consensus 1",
        "NonSaturating + extragradient",
        "NonSaturating + optimistic",
    ]
