"""The optimal discriminator that each loss itself chooses, against theory (1e-6)."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from gan_lab.losses import (
    AdversarialLoss,
    BoundaryEquilibrium,
    BoundarySeeking,
    EnergyMargin,
    FDivergence,
    LeastSquares,
    Minimax,
    RelativisticAverage,
    RelativisticPairing,
    Softmax,
    Wasserstein,
)
from gan_lab.theory import divergences as d
from gan_lab.theory.catalogue import label, losses
from gan_lab.theory.densities import Discrete, Gaussian, Laplace, Mixture, Uniform
from gan_lab.theory.expectation import Structure, expectation, structure
from gan_lab.theory.laws import law
from gan_lab.theory.optimal import best_discriminator
from gan_lab.theory.pair import common
from gan_lab.theory.studies.divergences import logit_error

PAIRS = [
    (Gaussian(-0.4, 1.3), Gaussian(0.5, 1.3)),
    (Mixture([Gaussian(-1, 1), Gaussian(1, 1)], [0.3, 0.7]), Gaussian(0.2, 1)),
    (Laplace(0, 0.8), Laplace(0.6, 1.0)),
    (Discrete([0.1, 0.2, 0.3, 0.4]), Discrete([0.4, 0.15, 0.25, 0.2])),
]
LOSSES = [loss for loss in losses() if type(loss).__module__.startswith("gan_lab.")]


@pytest.mark.parametrize("loss", LOSSES, ids=label)
@pytest.mark.parametrize("distributions", PAIRS, ids=["shift", "mixture", "laplace", "discrete"])
def test_every_loss_measures_its_divergence(loss, distributions):
    pair = common(*distributions)
    optimum = best_discriminator(loss, pair)
    if isinstance(loss, Wasserstein):
        expected = d.wasserstein(*distributions)
    else:
        closed = d.closed_form(loss.divergence_name)
        if closed is None:
            assert isinstance(loss, RelativisticAverage | Softmax | BoundaryEquilibrium)
            return
        expected = closed(pair)
    assert optimum.divergence == pytest.approx(expected, rel=1e-6, abs=1e-6)
    known = law(loss)
    if known.loss is not None:
        assert optimum.loss == pytest.approx(known.loss(pair), rel=1e-6, abs=1e-6)
    if known.logit is not None:
        assert logit_error(known, optimum) < 1e-6
    if known.generator is not None:
        logits = optimum.logits
        value = expectation(loss.generator, logits, logits, optimum.pair.p, optimum.pair.q)
        assert float(value) == pytest.approx(known.generator(pair), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("density", [Gaussian(3, 2), Laplace(-1, 0.3), Discrete([0.7, 0.1, 0.2])])
def test_the_value_at_equilibrium_is_minus_log_4_and_not_0(density):
    optimum = best_discriminator(Minimax(), common(density, density))
    assert -optimum.loss == pytest.approx(-math.log(4), abs=1e-9)
    assert float(optimum.logits.abs().max()) < 1e-9


@pytest.mark.parametrize("targets", [(-1.0, 1.0, 0.0), (-0.5, 1.5, 0.5), (1.0, 3.0, 2.0)])
def test_least_squares_generator_minimises_pearson(targets):
    # With b - c = 1 and b - a = 2, 2 C(G) = chi²(p + q || 2q) (Mao et al. 2017, equation 8).
    loss, pair = LeastSquares(*targets), common(*PAIRS[0])
    optimum = best_discriminator(loss, pair)
    p, q, logits = optimum.pair.p, optimum.pair.q, optimum.logits
    both = expectation(loss.generator, logits, logits, p, q) + expectation(
        loss.generator, logits, logits, p, p
    )
    middle = p + q
    assert 2 * float(both) == pytest.approx(float(((2 * q - middle) ** 2 / middle).sum()), abs=1e-6)


@pytest.mark.parametrize("name", ["kl", "reverse_kl", "pearson"])
def test_an_infinite_divergence_is_reported_as_infinite(name):
    optimum = best_discriminator(FDivergence(name), common(Uniform(0, 1), Uniform(2, 3)))
    assert optimum.divergence == math.inf
    assert optimum.loss == -math.inf


def test_separated_supports_saturate_the_bounded_divergences():
    pair = common(Uniform(0, 1), Uniform(2, 3))
    optimum = best_discriminator(Minimax(), pair)
    assert optimum.divergence == pytest.approx(math.log(2), abs=1e-9)
    assert bool(optimum.logits.isinf().all())
    assert best_discriminator(Wasserstein(), pair).divergence == pytest.approx(2, abs=1e-6)


def test_structure_is_found_by_calling():
    assert structure(Minimax().discriminator) is Structure.SEPARABLE
    assert structure(RelativisticPairing().discriminator) is Structure.PAIRWISE
    assert structure(RelativisticAverage().discriminator) is Structure.COUPLED


def test_expectations_are_those_of_a_batch_with_the_same_shares():
    # Atoms with shares of twentieths, so that a batch can hold them exactly.
    p, q = torch.tensor([[0.25, 0.75], [0.6, 0.4]], dtype=torch.float64)
    real, fake = torch.tensor([0.3, -1.2]).double(), torch.tensor([0.8, 0.1]).double()
    batch_real = real.repeat_interleave(torch.tensor([5, 15])).repeat_interleave(20)
    batch_fake = fake.repeat_interleave(torch.tensor([12, 8])).repeat(20)
    for loss in LOSSES:
        for objective in (loss.discriminator, loss.generator, loss.divergence):
            value = expectation(objective, real, fake, p, q)
            coupled = structure(objective) is Structure.COUPLED  # by 4096 stratified samples
            assert float(value) == pytest.approx(
                float(objective(batch_real, batch_fake)), abs=1e-3 if coupled else 1e-9
            )


class CrossEntropy(AdversarialLoss):
    """A user's own way to write the minimax loss, with fused means that nothing can see into."""

    divergence_name = "Jensen-Shannon (nats), as I wrote it"

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
        return binary_cross_entropy_with_logits(real, ones) + binary_cross_entropy_with_logits(
            fake, zeros
        )

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-fake).mean()

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        return math.log(2) - self.discriminator(real, fake) / 2


@pytest.mark.parametrize("distributions", PAIRS[:3], ids=["shift", "mixture", "laplace"])
def test_a_users_own_loss_needs_no_formula(distributions):
    pair = common(*distributions)
    optimum = best_discriminator(CrossEntropy(), pair)
    assert optimum.divergence == pytest.approx(d.jensen_shannon(pair), abs=1e-9)


@pytest.mark.parametrize("distributions", PAIRS, ids=["shift", "mixture", "laplace", "discrete"])
def test_the_energies_of_a_margin_tell_the_total_variation(distributions):
    pair, margin = common(*distributions), 2.5
    optimum = best_discriminator(EnergyMargin(margin), pair)
    variation = d.total_variation(pair)
    assert optimum.loss == pytest.approx(margin * (1 - variation), abs=1e-6)
    wanted = torch.where(optimum.pair.log_ratio >= 0, 0.0, -margin).double()
    assert float((optimum.logits - wanted).abs().max()) < 1e-6


@pytest.mark.parametrize("distributions", PAIRS[:3], ids=["shift", "mixture", "laplace"])
def test_softmax_tells_the_divergence_to_the_middle(distributions):
    pair = common(*distributions)
    optimum = best_discriminator(Softmax(), pair)
    assert optimum.divergence == pytest.approx(d.to_middle(pair), abs=2e-3)  # 4096 strata


@pytest.mark.parametrize("distributions", PAIRS, ids=["shift", "mixture", "laplace", "discrete"])
def test_boundary_seeking_minimises_the_squared_log_ratio(distributions):
    pair = common(*distributions)
    optimum = best_discriminator(BoundarySeeking(), pair)
    p, q, logits = optimum.pair.p, optimum.pair.q, optimum.logits
    value = float(expectation(BoundarySeeking().generator, logits, logits, p, q))
    expected = float((q * optimum.pair.log_ratio.square()).sum()) / 2
    assert value == pytest.approx(expected, rel=1e-6)
