"""Every exported loss against its closed form, finite differences and extreme logits."""

import inspect
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from gan_lab import losses
from gan_lab.contracts import PLAYERS, Round, Turn, Verdict
from gan_lab.losses import (
    F_DIVERGENCES,
    AdversarialLoss,
    BoundaryEquilibrium,
    BoundarySeeking,
    EnergyMargin,
    FDivergence,
    Hinge,
    LeastSquares,
    MaximumMeanDiscrepancy,
    Minimax,
    NonSaturating,
    RelativisticAverage,
    RelativisticPairing,
    Softmax,
    Symmetric,
    Wasserstein,
)

LOG2 = math.log(2)


def variants(item: type[AdversarialLoss]) -> list[AdversarialLoss]:
    """Return a class's instances worth testing: its default, or every f-divergence."""
    if item is FDivergence:
        return [
            FDivergence(name, saturating) for name in F_DIVERGENCES for saturating in (True, False)
        ]
    if item is Symmetric:
        return [Symmetric(NonSaturating())]
    if item is MaximumMeanDiscrepancy:
        return []  # of vectors; see test_mmd.py
    return [item()]


LOSSES: list[AdversarialLoss] = [
    loss
    for item in vars(losses).values()
    if inspect.isclass(item) and issubclass(item, AdversarialLoss) and not inspect.isabstract(item)
    for loss in variants(item)
]

# (discriminator's loss, generator's loss) where every logit is zero.
AT_ZERO = {
    "BoundaryEquilibrium": (0.0, 0.0),
    "BoundarySeeking": (2 * LOG2, 0.0),
    "EnergyMargin": (1.0, 0.0),
    "Hinge": (2.0, 0.0),
    "LeastSquares": (0.5, 0.5),
    "Minimax": (2 * LOG2, -LOG2),
    "NonSaturating": (2 * LOG2, LOG2),
    "RelativisticAverage": (2 * LOG2, 2 * LOG2),
    "RelativisticPairing": (LOG2, LOG2),
    "Softmax": (0.0, 0.0),
    "Symmetric": (2 * LOG2, 2 * LOG2),
    "Wasserstein": (0.0, 0.0),
    "kl": (math.exp(-1), -math.exp(-1)),
    "kl, alternative": (math.exp(-1), 0.0),
    "reverse_kl": (0.0, 1.0),
    "reverse_kl, alternative": (0.0, 1.0),
    "pearson": (0.0, 0.0),
    "pearson, alternative": (0.0, 0.0),
    "squared_hellinger": (0.0, 0.0),
    "squared_hellinger, alternative": (0.0, 0.0),
    "jensen_shannon": (0.0, 0.0),
    "jensen_shannon, alternative": (0.0, 0.0),
    "gan": (2 * LOG2, -LOG2),
    "gan, alternative": (2 * LOG2, LOG2),
}


def name_of(loss: AdversarialLoss) -> str:
    if isinstance(loss, FDivergence):
        return loss.name + ("" if loss.saturating else ", alternative")
    return type(loss).__name__


every_loss = pytest.mark.parametrize("loss", LOSSES, ids=name_of)


def logits(seed: int, size: int = 7, scale: float = 3.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(size, generator=generator, dtype=torch.float64)


@every_loss
def test_zero_logits_give_the_closed_form(loss: AdversarialLoss) -> None:
    zero = torch.zeros(5, dtype=torch.float64)
    discriminator, generator = AT_ZERO[name_of(loss)]
    assert loss.discriminator(zero, zero).item() == pytest.approx(discriminator, abs=1e-12)
    assert loss.generator(zero, zero).item() == pytest.approx(generator, abs=1e-12)


@every_loss
@pytest.mark.parametrize("player", ["discriminator", "generator"])
@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_agree_with_finite_differences(
    loss: AdversarialLoss, player: str, seed: int
) -> None:
    real, fake = logits(seed).requires_grad_(), logits(seed + 100).requires_grad_()
    objective: Callable[[Tensor, Tensor], Tensor] = getattr(loss, player)
    assert torch.autograd.gradcheck(objective, (real, fake))


@every_loss
@pytest.mark.parametrize("player", ["discriminator", "generator"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("signs", [(1, -1), (-1, 1), (1, 1), (-1, -1)])
def test_extreme_logits_stay_finite(
    loss: AdversarialLoss, player: str, dtype: torch.dtype, signs: tuple[int, int]
) -> None:
    real, fake = (torch.full((3,), sign * 1e4, dtype=dtype, requires_grad=True) for sign in signs)
    value = getattr(loss, player)(real, fake)
    assert value.isfinite()
    gradients = torch.autograd.grad(value, [real, fake], allow_unused=True)
    assert all(gradient.isfinite().all() for gradient in gradients if gradient is not None)


@every_loss
def test_a_loss_is_a_mean_over_the_batch(loss: AdversarialLoss) -> None:
    real, fake = logits(3), logits(4)
    for player in (loss.discriminator, loss.generator, loss.divergence):
        torch.testing.assert_close(player(real.repeat(2), fake.repeat(2)), player(real, fake))
        assert player(real, fake).shape == ()


@every_loss
def test_generator_reads_real_logits_only_where_it_says_so(loss: AdversarialLoss) -> None:
    fake = logits(5)
    values = {loss.generator(logits(seed), fake).item() for seed in (6, 7)}
    assert len(values) == (2 if loss.needs_real else 1)
    if not loss.needs_real:
        assert loss.generator(fake[:0], fake).item() in values


@every_loss
def test_descending_each_loss_moves_the_logits_the_right_way(loss: AdversarialLoss) -> None:
    real, fake = (torch.zeros(1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    towards_real, towards_fake = torch.autograd.grad(loss.discriminator(real, fake), [real, fake])
    assert towards_real < 0 <= towards_fake  # LeastSquares' fakes start at their target, 0
    fake = fake - 1  # some generators rest where nothing tells the kinds apart
    (pull,) = torch.autograd.grad(loss.generator(real, fake), fake)
    assert pull < 0


@every_loss
def test_divergence_of_a_blind_discriminator_is_not_positive(loss: AdversarialLoss) -> None:
    for value in (-1.0, 0.0, 0.5, 3.0):
        constant = torch.full((4,), value, dtype=torch.float64)
        assert loss.divergence(constant, constant).item() <= 1e-12


@every_loss
def test_divergence_falls_as_the_discriminators_loss_rises(loss: AdversarialLoss) -> None:
    pairs = [(logits(seed), logits(seed + 50)) for seed in range(10)]
    values = [(loss.discriminator(*pair).item(), loss.divergence(*pair).item()) for pair in pairs]
    divergences = [divergence for _, divergence in sorted(values)]
    assert divergences == sorted(divergences, reverse=True)


def test_minimax_agrees_with_binary_cross_entropy() -> None:
    real, fake = logits(8), logits(9)
    ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
    expected = binary_cross_entropy_with_logits(real, ones)
    expected = expected + binary_cross_entropy_with_logits(fake, zeros)
    torch.testing.assert_close(Minimax().discriminator(real, fake), expected)
    torch.testing.assert_close(NonSaturating().discriminator(real, fake), expected)


def test_minimax_and_non_saturating_generators_differ() -> None:
    """The minimax generator minimises log(1 - D), the other minimises -log D."""
    fake = logits(10)
    probability = fake.sigmoid()
    torch.testing.assert_close(Minimax().generator(fake, fake), (1 - probability).log().mean())
    torch.testing.assert_close(NonSaturating().generator(fake, fake), -probability.log().mean())


def test_the_minimax_generator_saturates_where_the_other_does_not() -> None:
    fake = torch.tensor([-30.0], requires_grad=True)
    (saturated,) = torch.autograd.grad(Minimax().generator(fake, fake), fake)
    (alive,) = torch.autograd.grad(NonSaturating().generator(fake, fake), fake)
    assert abs(saturated.item()) < 1e-12
    assert alive.item() == pytest.approx(-1.0)


def test_hinge_stops_at_the_margin() -> None:
    real, fake = torch.tensor([1.5, 0.0]), torch.tensor([-2.0, 0.5])
    assert Hinge().discriminator(real, fake).item() == pytest.approx(0.5 + 0.75)


@pytest.mark.parametrize("targets", [(0.0, 1.0, 1.0), (-1.0, 1.0, 0.0), (0.2, 0.9, 0.5)])
def test_least_squares_targets(targets: tuple[float, float, float]) -> None:
    a, b, c = targets
    real, fake = logits(11), logits(12)
    loss = LeastSquares(fake_target=a, real_target=b, generator_target=c)
    by_hand = sum((r - b) ** 2 for r in real.tolist()) + sum((f - a) ** 2 for f in fake.tolist())
    assert loss.discriminator(real, fake).item() == pytest.approx(by_hand / 2 / 7)
    generator = sum((f - c) ** 2 for f in fake.tolist()) / 2 / 7
    assert loss.generator(real, fake).item() == pytest.approx(generator)
    assert loss.real_threshold == pytest.approx((a + b) / 2)


def test_the_margin_is_positive_towards_the_real_target() -> None:
    logits = torch.tensor([0.0, 0.25, 1.0])
    assert LeastSquares().margin(logits).tolist() == [-0.5, -0.25, 0.5]  # type: ignore[union-attr]
    turned = LeastSquares(fake_target=1.0, real_target=0.0, generator_target=0.0)
    for loss in (turned, Symmetric(turned)):
        assert loss.margin(logits).tolist() == [0.5, 0.25, -0.5]  # type: ignore[union-attr]
    assert FDivergence("kl").margin(logits).tolist() == [-1, -0.75, 0]  # type: ignore[union-attr]
    assert Wasserstein().margin(logits) is None


def test_least_squares_refuses_equal_targets() -> None:
    with pytest.raises(ValueError, match="real_target must differ from fake_target"):
        LeastSquares(fake_target=1.0)


def test_wasserstein_has_no_threshold_and_estimates_the_gap() -> None:
    real, fake = torch.tensor([2.0, 4.0]), torch.tensor([-1.0, 0.0])
    assert Wasserstein().divergence(real, fake).item() == pytest.approx(3.5)
    assert Wasserstein().real_threshold is None


def test_the_f_gan_of_the_original_game_is_the_original_game() -> None:
    real, fake = logits(13), logits(14)
    for saturating, original in [(True, Minimax()), (False, NonSaturating())]:
        loss = FDivergence("gan", saturating)
        for player in ("discriminator", "generator", "divergence"):
            expected = getattr(original, player)(real, fake)
            torch.testing.assert_close(getattr(loss, player)(real, fake), expected)


# f*(t) of table 2 of the f-GAN paper, as printed.
CONJUGATES: dict[str, Callable[[float], float]] = {
    "kl": lambda t: math.exp(t - 1),
    "reverse_kl": lambda t: -1 - math.log(-t),
    "pearson": lambda t: t**2 / 4 + t,
    "squared_hellinger": lambda t: t / (1 - t),
    "jensen_shannon": lambda t: -math.log(2 - math.exp(t)),
    "gan": lambda t: -math.log(1 - math.exp(t)),
}

# The optimal T as a function of the density ratio p/q: f'(p/q).
OPTIMA: dict[str, Callable[[float], float]] = {
    "kl": lambda u: 1 + math.log(u),
    "reverse_kl": lambda u: -1 / u,
    "pearson": lambda u: 2 * (u - 1),
    "squared_hellinger": lambda u: 1 - math.sqrt(1 / u),
    "jensen_shannon": lambda u: math.log(2 * u / (1 + u)),
    "gan": lambda u: math.log(u / (1 + u)),
}


@pytest.mark.parametrize("name", F_DIVERGENCES)
@pytest.mark.parametrize("logit", [-2.5, -0.3, 0.0, 0.7, 1.9])
def test_conjugates_agree_with_the_papers_formulas(name: str, logit: float) -> None:
    v = torch.tensor([logit], dtype=torch.float64)
    t = F_DIVERGENCES[name].activation(v).item()
    assert F_DIVERGENCES[name].conjugate(v).item() == pytest.approx(CONJUGATES[name](t), abs=1e-12)
    alternative = FDivergence(name, saturating=False).generator(v, v)
    assert alternative.item() == pytest.approx(-t, abs=1e-12)


@pytest.mark.parametrize("name", F_DIVERGENCES)
def test_thresholds_are_the_logits_of_equal_densities(name: str) -> None:
    threshold = torch.tensor([F_DIVERGENCES[name].threshold], dtype=torch.float64)
    assert FDivergence(name).real_threshold == threshold.item()
    assert F_DIVERGENCES[name].activation(threshold).item() == pytest.approx(OPTIMA[name](1.0))


@pytest.mark.parametrize("name", F_DIVERGENCES)
def test_the_optimal_output_attains_the_divergence(name: str) -> None:
    """Two coins, p = (.7, .3) and q = (.4, .6), each face once in each batch, weighted."""
    p, q = (0.7, 0.3), (0.4, 0.6)
    bound = sum(
        a * OPTIMA[name](a / b) - b * CONJUGATES[name](OPTIMA[name](a / b))
        for a, b in zip(p, q, strict=True)
    )
    # Ten samples a batch hold the coins' faces in exact proportion.
    by_bisection = [logit_of(name, OPTIMA[name](a / b)) for a, b in zip(p, q, strict=True)]
    faces = torch.tensor(by_bisection, dtype=torch.float64)
    real = faces.repeat_interleave(torch.tensor([7, 3]))
    fake = faces.repeat_interleave(torch.tensor([4, 6]))
    loss = FDivergence(name)
    assert loss.discriminator(real, fake).item() == pytest.approx(-bound, abs=1e-9)
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    divergences = {
        "kl": sum(a * math.log(a / b) for a, b in zip(p, q, strict=True)),
        "reverse_kl": sum(b * math.log(b / a) for a, b in zip(p, q, strict=True)),
        "pearson": sum((a - b) ** 2 / b for a, b in zip(p, q, strict=True)),
        "squared_hellinger": sum((a**0.5 - b**0.5) ** 2 for a, b in zip(p, q, strict=True)),
        "gan": sum(
            a * math.log(a / m) / 2 + b * math.log(b / m) / 2
            for a, b, m in zip(p, q, middle, strict=True)
        ),
    }
    divergences["jensen_shannon"] = divergences["gan"]
    assert loss.divergence(real, fake).item() == pytest.approx(divergences[name], abs=1e-9)


def logit_of(name: str, output: float) -> float:
    """Invert an increasing output activation by bisection."""
    low, high = -30.0, 30.0
    for _ in range(100):
        middle = (low + high) / 2
        value = F_DIVERGENCES[name].activation(torch.tensor([middle], dtype=torch.float64))
        low, high = (middle, high) if value.item() < output else (low, middle)
    return middle


def test_f_divergence_refuses_an_unknown_name() -> None:
    with pytest.raises(ValueError, match=r"name must be one of kl, reverse_kl, .* got 'chi'"):
        FDivergence("chi")


@pytest.mark.parametrize("loss", [RelativisticPairing(), RelativisticAverage()], ids=name_of)
def test_relativistic_losses_ignore_a_shift_of_all_logits(loss: AdversarialLoss) -> None:
    real, fake = logits(15), logits(16)
    for player in (loss.discriminator, loss.generator):
        torch.testing.assert_close(player(real + 5, fake + 5), player(real, fake))


def test_relativistic_losses_agree_with_their_formulas() -> None:
    real, fake = logits(17), logits(18)
    pairs = list(zip(real.tolist(), fake.tolist(), strict=True))
    paired = sum(math.log1p(math.exp(-(r - f))) for r, f in pairs) / len(pairs)
    swapped = sum(math.log1p(math.exp(-(f - r))) for r, f in pairs) / len(pairs)
    assert RelativisticPairing().discriminator(real, fake).item() == pytest.approx(paired)
    assert RelativisticPairing().generator(real, fake).item() == pytest.approx(swapped)
    real_mean, fake_mean = real.mean(), fake.mean()
    average = (
        -(real - fake_mean).sigmoid().log().mean() - (1 - (fake - real_mean).sigmoid()).log().mean()
    )
    swapped_average = (
        -(fake - real_mean).sigmoid().log().mean() - (1 - (real - fake_mean).sigmoid()).log().mean()
    )
    torch.testing.assert_close(RelativisticAverage().discriminator(real, fake), average)
    torch.testing.assert_close(RelativisticAverage().generator(real, fake), swapped_average)


@pytest.mark.parametrize("real_label", [0.6, 0.9, 1.0])
def test_one_sided_label_smoothing_is_cross_entropy_to_the_label(real_label: float) -> None:
    real, fake = logits(19), logits(20)
    loss = NonSaturating(real_label=real_label)
    expected = binary_cross_entropy_with_logits(real, torch.full_like(real, real_label))
    expected = expected + binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    torch.testing.assert_close(loss.discriminator(real, fake), expected)
    torch.testing.assert_close(loss.divergence(real, fake), NonSaturating().divergence(real, fake))


@pytest.mark.parametrize("real_label", [0.5, 1.1, float("nan")])
def test_label_smoothing_refuses_labels_out_of_range(real_label: float) -> None:
    with pytest.raises(ValueError, match=r"real_label must be in \(0.5, 1\]"):
        Minimax(real_label=real_label)


@pytest.mark.parametrize("inner", [Minimax(), Hinge(), Wasserstein(), LeastSquares()], ids=name_of)
def test_a_symmetric_game_exchanges_the_kinds(inner: AdversarialLoss) -> None:
    real, fake = logits(21), logits(22)
    loss = Symmetric(inner)
    for player in ("discriminator", "divergence"):
        expected = getattr(inner, player)(real, fake)
        torch.testing.assert_close(getattr(loss, player)(real, fake), expected)
    torch.testing.assert_close(loss.generator(real, fake), inner.discriminator(fake, real))
    assert loss.real_threshold == inner.real_threshold
    real.requires_grad_()
    (pull,) = torch.autograd.grad(loss.generator(real, fake), real)
    assert pull.any()


@every_loss
@pytest.mark.parametrize("shape", [(6, 1, 2, 3), (6, 5)], ids=str)
def test_patches_count_alike(loss: AdversarialLoss, shape: tuple[int, ...]) -> None:
    """Samples of as many patches each: a loss of patches is that of the mean over all."""
    real, fake = logits(23, 36).reshape(6, 6), logits(24, 36).reshape(6, 6)
    real, fake = (x[:, : math.prod(shape[1:])].reshape(shape) for x in (real, fake))
    for player in (loss.discriminator, loss.generator, loss.divergence):
        value = player(real, fake)
        assert value.shape == ()
        torch.testing.assert_close(value, player(real.flatten(), fake.flatten()))


@pytest.mark.parametrize("limit", [0.5, 1.0, 7.0])
def test_energies_of_generated_samples_are_pushed_up_to_the_margin(limit: float) -> None:
    real, fake = -logits(25).abs(), -3 * logits(26).abs()
    by_hand = -real.mean() + sum(max(0.0, limit + value) for value in fake.tolist()) / len(fake)
    loss = EnergyMargin(limit)
    torch.testing.assert_close(loss.discriminator(real, fake), by_hand)
    torch.testing.assert_close(loss.generator(real, fake), -fake.mean())
    with pytest.raises(ValueError, match="limit must be positive"):
        EnergyMargin(-limit)


@pytest.mark.parametrize(("gamma", "rate"), [(0.75, 0.001), (0.5, 0.2), (1.0, 0.9)])
def test_the_balance_moves_by_what_the_discriminator_has_seen(gamma: float, rate: float) -> None:
    loss, balance = BoundaryEquilibrium(gamma, rate), 0.0
    for seed in range(12):
        real, fake = -logits(seed).abs(), -logits(seed + 50).abs() / 4
        expected = -real.mean() + balance * fake.mean()
        torch.testing.assert_close(loss.discriminator(real, fake), expected, rtol=1e-5, atol=1e-6)
        for player in PLAYERS:
            turn = Turn(player, Round({}, {}), *map(of, (real, fake)), None, None)  # type: ignore[arg-type]
            loss.after_update(turn)
            assert ("convergence" in turn.report) is (player == "discriminator")
            if player == "discriminator":
                surplus = (-gamma * real.mean() + fake.mean()).item()
                balance = min(1.0, max(0.0, balance + rate * surplus))
                measure = -real.mean().item() + abs(surplus)
                assert turn.report["convergence"].item() == pytest.approx(measure, rel=1e-5)
        assert loss.balance.item() == pytest.approx(balance, rel=1e-5)
    assert 0 < balance <= 1
    assert list(loss.state_dict()) == ["balance"]


def of(logits: Tensor) -> Verdict:
    return Verdict({"x": logits})


@pytest.mark.parametrize("arguments", [(0.0, 0.1), (1.1, 0.1), (0.5, 0.0), (float("nan"), 0.1)])
def test_a_balance_out_of_range_is_refused(arguments: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="gamma must be in|rate must be positive"):
        BoundaryEquilibrium(*arguments)


def test_softmax_is_the_cross_entropy_of_all_samples_together() -> None:
    """Lin's own form, in sums, differs by the logarithm of how many samples there are."""
    real, fake = logits(27), logits(28)
    both = torch.cat([real, fake])
    on_real = torch.cat([torch.full((7,), 1 / 7), torch.zeros(7)]).double()
    evenly = torch.full((14,), 1 / 14, dtype=torch.float64)
    for player, target in (("discriminator", on_real), ("generator", evenly)):
        expected = cross_entropy(both[None], target[None]) - math.log(14)
        torch.testing.assert_close(getattr(Softmax(), player)(real, fake), expected)


def test_the_boundary_seekers_generator_wants_even_odds() -> None:
    fake = logits(29)
    probability = fake.sigmoid()
    odds = (probability.log() - (1 - probability).log()).square().mean() / 2
    torch.testing.assert_close(BoundarySeeking().generator(fake, fake), odds)
    for method in ("discriminator", "divergence"):
        expected = getattr(Minimax(), method)(logits(30), fake)
        torch.testing.assert_close(getattr(BoundarySeeking(), method)(logits(30), fake), expected)
