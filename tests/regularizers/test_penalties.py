"""Every exported penalty against exact values on linear critics and finite differences."""

import inspect

import pytest
import torch
from torch import Tensor, nn

from gan_lab import regularizers
from gan_lab.models import DCGANDiscriminator, MLPDiscriminator
from gan_lab.module import refuse_coupled_samples
from gan_lab.regularizers import R1, GradientPenalty, Penalty, input_gradients

SHAPE = (3, 4, 4)

PENALTIES: list[Penalty] = [
    item()
    for item in vars(regularizers).values()
    if inspect.isclass(item) and issubclass(item, Penalty) and not inspect.isabstract(item)
]

every_penalty = pytest.mark.parametrize(
    "penalty", PENALTIES, ids=lambda penalty: type(penalty).__name__
)


class LinearCritic(nn.Module):
    """D(x) = <w, x>, whose gradient is w everywhere."""

    def __init__(self, norm: float) -> None:
        super().__init__()
        weight = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0)).double()
        self.weight = nn.Parameter(weight * norm / weight.norm())

    def forward(self, samples: Tensor) -> Tensor:
        return (self.weight * samples).flatten(1).sum(1)


class QuadraticCritic(nn.Module):
    """D(x) = s |x|^2 / 2, whose gradient s x differs from sample to sample."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale, dtype=torch.float64))

    def forward(self, samples: Tensor) -> Tensor:
        return self.scale * samples.flatten(1).square().sum(1) / 2


def samples(seed: int, count: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *SHAPE, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("norm", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("count", [1, 6])
def test_gradient_penalty_is_exact_on_a_linear_critic(norm: float, count: int) -> None:
    """Per sample: the value does not depend on the batch's size (trap 17)."""
    penalty = GradientPenalty(weight=7.0, target=1.0)
    value = penalty(LinearCritic(norm), samples(0, count), samples(1, count))
    assert value.item() == pytest.approx(7 * (norm - 1) ** 2, rel=1e-10)


@pytest.mark.parametrize("norm", [0.3, 2.5])
@pytest.mark.parametrize("count", [1, 6])
def test_r1_is_exact_on_a_linear_critic(norm: float, count: int) -> None:
    value = R1(weight=3.0)(LinearCritic(norm), samples(0, count), samples(1, count))
    assert value.item() == pytest.approx(3 / 2 * norm**2, rel=1e-10)


def test_r1_reads_real_samples_only() -> None:
    real = samples(2)
    expected = real.flatten(1).square().sum(1).mean().item() / 2
    value = R1(weight=1.0)(QuadraticCritic(), real, samples(3))
    assert value.item() == pytest.approx(expected, rel=1e-10)


def test_gradient_penalty_takes_each_samples_own_norm() -> None:
    """A whole-batch or per-pixel norm would give another number (trap 17)."""
    real = samples(4)
    norms = real.flatten(1).norm(dim=1)
    value = GradientPenalty(weight=1.0, target=0.5)(QuadraticCritic(), real, real)
    assert value.item() == pytest.approx((norms - 0.5).square().mean().item(), rel=1e-6)


def test_gradient_penalty_draws_one_epsilon_a_sample() -> None:
    """Every point lies on the segment between its real and its generated sample (trap 17)."""
    seen: list[Tensor] = []

    def critic(points: Tensor) -> Tensor:
        seen.append(points.detach())
        return points.flatten(1).sum(1)

    real, fake = samples(5), samples(6)
    GradientPenalty()(critic, real, fake)
    epsilon = ((seen[0] - fake) / (real - fake)).flatten(1)
    torch.testing.assert_close(epsilon, epsilon[:, :1].expand_as(epsilon), rtol=1e-6, atol=1e-6)
    assert ((epsilon >= 0) & (epsilon <= 1)).all()
    assert len(epsilon[:, 0].unique()) == len(real)


@every_penalty
def test_penalty_reaches_the_weights(penalty: Penalty) -> None:
    """A penalty that is computed and never back-propagated changes nothing (trap 17)."""
    critic = QuadraticCritic()
    value = penalty(critic, samples(7), samples(8))
    assert value.shape == () and value.item() > 0
    (gradient,) = torch.autograd.grad(value, critic.scale)
    assert gradient.abs() > 0


@every_penalty
def test_gradient_in_the_weights_agrees_with_finite_differences(penalty: Penalty) -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Flatten(), nn.Linear(48, 3), nn.Softplus(), nn.Linear(3, 1))
    critic = critic.double().append(nn.Flatten(0))
    names = list(dict(critic.named_parameters()))
    real, fake = samples(9, 3), samples(10, 3)

    def value(*parameters: Tensor) -> Tensor:
        torch.manual_seed(1)  # the same epsilons at every evaluation

        def score(points: Tensor) -> Tensor:
            arguments = dict(zip(names, parameters, strict=True))
            logits: Tensor = torch.func.functional_call(critic, arguments, (points,))
            return logits

        return penalty(score, real, fake)

    parameters = tuple(p.detach().clone().requires_grad_() for p in critic.parameters())
    assert torch.autograd.gradcheck(value, parameters, atol=1e-6)


@every_penalty
def test_penalty_leaves_its_inputs_alone(penalty: Penalty) -> None:
    real, fake = samples(11), samples(12)
    before = real.clone(), fake.clone()
    penalty(QuadraticCritic(), real, fake)
    assert torch.equal(real, before[0]) and torch.equal(fake, before[1])
    assert not real.requires_grad and real.grad is None and fake.grad is None


@every_penalty
def test_penalty_works_where_gradients_are_off(penalty: Penalty) -> None:
    with torch.no_grad():
        assert penalty(QuadraticCritic(), samples(13), samples(14)).isfinite()


@every_penalty
@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_penalty_refuses_a_weight_that_is_not_positive(penalty: Penalty, weight: float) -> None:
    with pytest.raises(ValueError, match="weight must be positive"):
        type(penalty)(weight=weight)  # type: ignore[call-arg]


def test_gradient_penalty_refuses_a_negative_target() -> None:
    with pytest.raises(ValueError, match="target must not be negative"):
        GradientPenalty(target=-0.1)


def test_input_gradients_are_full_precision_under_autocast() -> None:
    critic = MLPDiscriminator(image_shape=SHAPE, hidden=(8,))
    points = samples(15).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        gradients = input_gradients(critic, points)
    assert gradients.dtype == torch.float32
    torch.testing.assert_close(gradients, input_gradients(critic, points))


@every_penalty
def test_batch_norm_is_refused_where_gradients_are_per_sample(penalty: Penalty) -> None:
    """Batch norm makes one logit depend on every sample (trap 24)."""
    with_norm = DCGANDiscriminator(width=2, norm="batch")
    if penalty.per_sample:
        with pytest.raises(ValueError, match="batch norm in the discriminator"):
            refuse_coupled_samples(with_norm, [penalty])
    else:
        refuse_coupled_samples(with_norm, [penalty])
    for norm in ("layer", "none"):
        refuse_coupled_samples(DCGANDiscriminator(width=2, norm=norm), [penalty])


def test_batch_norm_does_couple_samples_and_layer_norm_does_not() -> None:
    points = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for norm, couples in [("batch", True), ("layer", False), ("none", False)]:
        torch.manual_seed(0)
        critic = DCGANDiscriminator(width=4, norm=norm)  # type: ignore[arg-type]
        inputs = points.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(critic(inputs)[0], inputs)
        assert bool(gradient[1:].abs().max() > 1e-9) is couples
