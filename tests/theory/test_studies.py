"""The other studies: transport, gradients, coverage, the tabular game, Jacobians, duality."""

import json
import math

import numpy as np
import pytest
import torch
from rich.console import Console
from scipy.optimize import linprog
from torch import nn

from gan_lab.data.mixture import Mixture, ring
from gan_lab.losses import LeastSquares, Minimax, NonSaturating, Wasserstein
from gan_lab.terms import GradientPenalty
from gan_lab.theory.collapse import all_three, covering, mode_counts, on_cells, over_modes
from gan_lab.theory.critics import Logits, critic, train_critic
from gan_lab.theory.densities import Discrete, Gaussian, Uniform
from gan_lab.theory.divergences import jensen_shannon
from gan_lab.theory.duality import duality_gap
from gan_lab.theory.jacobian import GameField, path_angle, read
from gan_lab.theory.lipschitz import exact_distance, steepest
from gan_lab.theory.pair import common
from gan_lab.theory.report import save, table
from gan_lab.theory.saturation import (
    lipschitz_shift_gradient,
    predicted_shift_gradient,
    shift_gradient,
)
from gan_lab.theory.studies import (
    CriticAsDistance,
    Divergences,
    Equilibrium,
    Game,
    ModeCollapse,
    VanishingGradients,
)
from gan_lab.theory.studies.divergences import penalised_slope
from gan_lab.theory.study import Findings, Row
from gan_lab.theory.transport import assignment_distance, lipschitz_maximiser


@pytest.mark.parametrize(("weight", "distance"), [(2.0, 0.3), (0.5, 3.0), (25.0, 1.7)])
def test_the_gradient_penalty_overshoots_as_predicted(weight, distance):
    slope = penalised_slope(GradientPenalty(weight), distance)
    assert slope == pytest.approx(1 + distance / (2 * weight), abs=1e-9)


@pytest.mark.parametrize(("seed", "shift"), [(1, 0.5), (2, 3.0), (3, -1.0)])
def test_transport_in_the_plane_primal_dual_and_a_linear_programme_agree(seed, shift):
    random = torch.Generator().manual_seed(seed)
    real = torch.randn(12, 2, generator=random).double()
    fake = torch.randn(12, 2, generator=random).double() + shift
    primal = assignment_distance(real, fake)
    gain = torch.cat([torch.full((12,), 1 / 12), torch.full((12,), -1 / 12)]).double()
    dual = float(gain @ lipschitz_maximiser(torch.cat([real, fake]), gain))
    # Kantorovich's plan, written down as a linear programme.
    rows = np.kron(np.eye(12), np.ones(12)), np.kron(np.ones(12), np.eye(12))
    plan = linprog(
        torch.cdist(real, fake).numpy().ravel(), A_eq=np.vstack(rows), b_eq=np.full(24, 1 / 12)
    )
    assert primal == pytest.approx(plan.fun, abs=1e-6)
    assert dual == pytest.approx(plan.fun, abs=1e-6)


def test_transport_refuses_what_has_no_optimum():
    with pytest.raises(ValueError, match="equally many points"):
        assignment_distance(torch.zeros(2, 2), torch.zeros(3, 2))
    with pytest.raises(ValueError, match="must sum to 0"):
        lipschitz_maximiser(torch.zeros(2, 1), torch.ones(2))


@pytest.mark.parametrize(("mean", "scale"), [(0.4, 1.0), (1.6, 0.8), (-2.5, 1.2)])
def test_frozen_gradients_are_arjovsky_and_bottous(mean, scale):
    p, q = Gaussian(0, 1), Gaussian(mean, scale)
    for loss, saturating in ((Minimax(), True), (NonSaturating(), False)):
        predicted = predicted_shift_gradient(p, mean, scale, saturating)
        assert shift_gradient(loss, p, q) == pytest.approx(predicted, abs=1e-6)


@pytest.mark.parametrize("mean", [0.7, -1.3, 5.0])
def test_the_wasserstein_gradient_of_a_shift_never_vanishes(mean):
    found = lipschitz_shift_gradient(Wasserstein(), Gaussian(0, 1), Gaussian(mean, 1))
    assert found == pytest.approx(math.copysign(1, mean), abs=1e-6)


@pytest.mark.parametrize(("modes", "covered"), [(5, 2), (8, 7), (12, 12), (25, 1)])
def test_coverage_of_part_of_a_ring(modes, covered):
    mixture = Mixture(ring(modes), 0.01)
    # Equally many samples at every covered centre: no chance involved.
    samples = mixture.centres[:covered].repeat(40, 1)
    found = all_three(over_modes(mode_counts(samples, mixture)))
    assert found == pytest.approx(covering(modes, covered), abs=1e-9)


def test_no_sample_near_a_mode_has_no_distribution_over_modes():
    mixture = Mixture(ring(4), 0.01)
    with pytest.raises(ValueError, match="no sample lies near any mode"):
        over_modes(mode_counts(torch.full((10, 2), 9.0), mixture))


@pytest.mark.parametrize("kept", [1, 3, 6])
def test_divergence_on_cells_sees_lost_modes(kept):
    mixture = Mixture(ring(6, dtype=torch.float64), 0.03)
    part = Mixture(mixture.centres[:kept], mixture.deviation)
    samples, _ = part.sample(40_000, torch.Generator().manual_seed(kept))
    pair = on_cells(samples, mixture)
    assert float(pair.p.sum()) == pytest.approx(1, abs=1e-9)
    assert float(pair.q.sum()) == pytest.approx(1, abs=1e-9)
    assert jensen_shannon(pair) == pytest.approx(covering(6, kept)[2], abs=5e-3)


@pytest.mark.parametrize(
    "probabilities",
    [
        [0.02, 0.28, 0.7],
        pytest.param([0.5, 0.5], marks=pytest.mark.slow),
        pytest.param([0.3, 0.05, 0.05, 0.2, 0.1, 0.3], marks=pytest.mark.slow),
    ],
)
def test_the_tabular_game_ends_at_minus_log_4(probabilities):
    findings = Equilibrium(
        Discrete(probabilities), [Minimax(), NonSaturating()], steps=50, seed=3
    ).run()
    values = [row for row in findings.rows if "log 4" in row.quantity]
    assert [row.predicted for row in values] == [-math.log(4)] * 2
    assert all(row.difference < 1e-6 for row in findings.rows)


def test_the_tabular_least_squares_game_ends_at_its_own_value():
    findings = Equilibrium(Discrete([0.2, 0.8]), [LeastSquares()], steps=120).run()
    assert findings.rows[0].predicted == pytest.approx(-0.25)
    assert all(row.difference < 1e-6 for row in findings.rows)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_jacobian_products_find_the_rotation_of_a_bilinear_game(seed):
    torch.manual_seed(seed)
    matrix = torch.randn(4, 4).double()
    x, y = torch.randn(4).double().requires_grad_(), torch.randn(4).double().requires_grad_()
    field = GameField(lambda: [x @ matrix @ y, -(x @ matrix @ y)], [[x], [y]])
    expected = np.linalg.svd(matrix.numpy())[1]
    spectrum = np.linalg.eigvals(field.jacobian())
    assert abs(spectrum.real).max() < 1e-9
    assert np.sort(spectrum.imag)[4:] == pytest.approx(np.sort(expected), abs=1e-6)
    assert abs(field.leading_eigenvalues(2)) == pytest.approx([expected[0]] * 2, abs=1e-6)


def test_jacobian_products_agree_with_finite_differences_on_networks():
    torch.manual_seed(0)
    generator, discriminator = (
        nn.Linear(2, 2).double(),
        nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1), nn.Flatten(0)).double(),
    )
    real, latents, loss = torch.randn(9, 2).double(), torch.randn(9, 2).double(), NonSaturating()

    def losses():
        logits = discriminator(real), discriminator(generator(latents))
        return [loss.generator(*logits), loss.discriminator(*logits)]

    players = [list(generator.parameters()), list(discriminator.parameters())]
    field = GameField(losses, players)
    here = read(field.parameters)
    vector = torch.randn(field.size).double()
    product = field.linear_map()(vector)
    from gan_lab.theory.jacobian import write

    write(field.parameters, here + 1e-5 * vector)
    ahead = field.value()
    write(field.parameters, here - 1e-5 * vector)
    behind = field.value()
    assert torch.allclose(product, (ahead - behind) / 2e-5, atol=1e-6)
    write(field.parameters, here)
    cosines, lengths = path_angle(field, here - vector, here, [1.0])
    direction = vector / vector.norm()
    assert cosines[0] == pytest.approx(float(field.value() @ direction) / lengths[0], abs=1e-6)


@pytest.mark.parametrize("shift", [0.5, 1.5, 2.5])
def test_the_duality_gap_of_a_blind_discriminator_is_twice_jensen_shannon(shift):
    torch.manual_seed(0)
    # Every value of V(., D = 1/2) is -log 4, and the best linear logit is the best of all.
    generator, discriminator = nn.Linear(1, 1), nn.Sequential(nn.Linear(1, 1), nn.Flatten(0))
    with torch.no_grad():
        generator.weight.fill_(1.0)
        generator.bias.fill_(shift)
        for parameter in discriminator.parameters():
            parameter.zero_()
    before = read([*generator.parameters(), *discriminator.parameters()])
    grid = torch.special.ndtri((torch.arange(4000) + 0.5) / 4000).unsqueeze(1)
    high, low = duality_gap(Minimax(), generator, discriminator, grid, grid, 300, 0.05)
    expected = 2 * jensen_shannon(common(Gaussian(0, 1), Gaussian(shift, 1)))
    assert low == pytest.approx(-math.log(4), abs=1e-6)
    assert high - low == pytest.approx(expected, abs=2e-3)  # 4,000 strata
    assert torch.equal(before, read([*generator.parameters(), *discriminator.parameters()]))


@pytest.mark.parametrize("slope", [0.2, 1.0, 3.5])
def test_steepness_and_distance_of_what_is_known(slope):
    real, fake = torch.randn(50, 1), torch.randn(50, 1)
    assert steepest(lambda x: slope * x.squeeze(1), real, fake) == pytest.approx(slope, rel=1e-5)
    assert exact_distance(real, real + slope) == pytest.approx(slope, abs=1e-5)
    cloud = torch.randn(30, 2)
    assert exact_distance(cloud, cloud + slope) == pytest.approx(slope * math.sqrt(2), rel=1e-5)


@pytest.mark.parametrize("shift", [0.6, 1.4, 2.2])
def test_a_trained_critic_finds_the_divergence_nearly(shift):
    torch.manual_seed(0)
    p, q = Gaussian(0, 1), Gaussian(shift, 1)
    trained = train_critic(
        Minimax(),
        lambda n: p.sample(n).float()[:, None],
        lambda n: q.sample(n).float()[:, None],
        steps=250,
    )
    pair = common(p, q).bulk()
    with torch.no_grad():
        logits = trained(pair.points.float().unsqueeze(1)).double()
    bound = (
        math.log(2)
        - float(pair.p @ nn.functional.softplus(-logits) + pair.q @ nn.functional.softplus(logits))
        / 2
    )
    exact = jensen_shannon(pair)
    assert exact - 5e-3 < bound <= exact + 1e-9


def test_the_divergences_study_takes_any_distributions_and_reports_infinity():
    findings = Divergences(Uniform(0, 1), Uniform(2, 3), critic_steps=0, points=5).run()
    rows = {(row.subject, row.quantity): row for row in findings.rows}
    row = rows["FDivergence(kl)", "KL(real || generated) (nats), lower bound"]
    assert row.predicted == row.measured == math.inf
    assert row.difference == 0
    told = findings.as_dict()["rows"][list(rows).index((row.subject, row.quantity))]
    assert told["predicted"] == "inf"
    assert all(
        row.difference is None or row.difference < 1e-6
        for row in findings.rows
        if not row.subject.startswith("RelativisticPairing")  # its optimum lies at infinity
    )


def test_small_trainings_run_and_can_be_saved(tmp_path):
    studies = [
        VanishingGradients(distances=[1.0], steps=5, images=torch.rand(80, 1, 8, 8), image_steps=5),
        ModeCollapse(modes=3, steps=10, samples=200, moments=2),
        CriticAsDistance(steps=6, n_critic=1, samples=20, every=2),
        Game(steps=6, width=4, samples=20, gap_steps=3, gaps=2),
        Divergences(Discrete([0.5, 0.5]), Discrete([0.2, 0.8]), critic_steps=5, points=4),
    ]
    for study in studies:
        findings = study.run()
        folder = tmp_path / type(study).__name__
        paths = save(findings, folder)
        assert all(path.stat().st_size > 0 for path in paths)
        assert json.loads(paths[0].read_text())["rows"]
        assert list((folder / "tensorboard").iterdir())
        Console(quiet=True).print(table(findings))


def test_the_saturating_gradient_vanishes_on_separated_supports():
    findings = VanishingGradients(distances=[1.0], separation=4.0, steps=150).run()
    (row,) = (row for row in findings.rows if row.quantity == "whose gradient vanishes")
    assert row.difference == "same"


def test_differences_of_rows():
    assert Row("a", "b", math.inf, math.inf).difference == 0
    assert Row("a", "b", math.inf, 1.0).difference == math.inf
    assert Row("a", "b", 1 + 1j, 1.0).difference == pytest.approx(1)
    assert Row("a", "b", "yes", "no").difference == "differs"
    assert Row("a", "b", None, 1.0).difference is None
    findings = Findings("t")
    findings.add("a", "b", 1j, -math.inf)
    assert findings.as_dict()["rows"][0]["predicted"] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Equilibrium(Discrete([1.0, 0.0])), "every probability of the target"),
        (lambda: Equilibrium(step_size=-1), "step_size must be positive"),
        (lambda: Divergences(Discrete([1.0]), Gaussian()), "both be discrete or both"),
        (lambda: Divergences(points=1), "points must be at least 2"),
        (lambda: VanishingGradients(distances=[]), "distances must be positive"),
        (lambda: VanishingGradients(scale=0), "scale must be positive"),
        (lambda: ModeCollapse(slow=0), "slow must be positive"),
        (lambda: CriticAsDistance(steps=4, every=8), "steps / every must be at least 3"),
        (lambda: Game(gaps=0), "gaps must be at least 1"),
    ],
)
def test_bad_input_gets_one_clear_line(build, words):
    with pytest.raises(ValueError, match=words) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_the_critic_starts_at_zero_everywhere():
    assert torch.equal(Logits(critic(3))(torch.randn(5, 3)), torch.zeros(5))
