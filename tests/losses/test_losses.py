"""Every exported loss against its closed form, finite differences and extreme logits."""

import inspect
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from gan_lab import losses
from gan_lab.losses import AdversarialLoss, Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein

LOG2 = math.log(2)

LOSSES: list[AdversarialLoss] = [
    item()
    for item in vars(losses).values()
    if inspect.isclass(item) and issubclass(item, AdversarialLoss) and not inspect.isabstract(item)
]

# (discriminator's loss, generator's loss) where every logit is zero.
AT_ZERO = {
    "Hinge": (2.0, 0.0),
    "LeastSquares": (0.5, 0.5),
    "Minimax": (2 * LOG2, -LOG2),
    "NonSaturating": (2 * LOG2, LOG2),
    "Wasserstein": (0.0, 0.0),
}


def name_of(loss: AdversarialLoss) -> str:
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
    """The minimax generator minimises log(1 - D), the other minimises -log D (trap 16)."""
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


def test_least_squares_refuses_equal_targets() -> None:
    with pytest.raises(ValueError, match="real_target must differ from fake_target"):
        LeastSquares(fake_target=1.0)


def test_wasserstein_has_no_threshold_and_estimates_the_gap() -> None:
    real, fake = torch.tensor([2.0, 4.0]), torch.tensor([-1.0, 0.0])
    assert Wasserstein().divergence(real, fake).item() == pytest.approx(3.5)
    assert Wasserstein().real_threshold is None
