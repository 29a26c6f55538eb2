"""Every exported penalty against exact values on linear critics and finite differences."""

import copy
import inspect
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_lab import terms
from gan_lab.contracts import Discriminator, Round, Sample, Scorer, Side, Turn, Verdict
from gan_lab.errors import LabError
from gan_lab.game.checks import refuse_coupled_samples
from gan_lab.game.judge import Judge
from gan_lab.models import DCGANBackbone, MLPBackbone, Packs, PerKey, Scores
from gan_lab.terms import (
    DRAGAN,
    R1,
    R1R2,
    R2,
    Consistency,
    GradientPenalty,
    LeCam,
    Penalty,
    input_gradients,
)

SHAPE = (3, 4, 4)

PENALTIES: list[Penalty | LeCam] = [
    item()
    for item in vars(terms).values()
    if inspect.isclass(item)
    and (issubclass(item, Penalty) or item is LeCam)
    and not inspect.isabstract(item)
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


def value_of(penalty: Penalty | LeCam, critic: Scorer, real: Tensor, fake: Tensor) -> Tensor:
    """Return a penalty's value, without its weight."""
    if isinstance(penalty, LeCam):
        return penalty.distance(critic(real), critic(fake))
    return penalty.penalty(Side(critic, real), Side(critic, fake))


def samples(seed: int, count: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *SHAPE, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("norm", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("count", [1, 6])
def test_gradient_penalty_is_exact_on_a_linear_critic(norm: float, count: int) -> None:
    """Per sample: the value does not depend on the batch's size."""
    penalty = GradientPenalty(target=1.0)
    value = value_of(penalty, LinearCritic(norm), samples(0, count), samples(1, count))
    assert value.item() == pytest.approx((norm - 1) ** 2, rel=1e-10)


@pytest.mark.parametrize("norm", [0.3, 2.5])
@pytest.mark.parametrize("count", [1, 6])
def test_r1_is_exact_on_a_linear_critic(norm: float, count: int) -> None:
    value = value_of(R1(), LinearCritic(norm), samples(0, count), samples(1, count))
    assert value.item() == pytest.approx(norm**2 / 2, rel=1e-10)


def test_r1_reads_real_samples_only() -> None:
    real = samples(2)
    expected = real.flatten(1).square().sum(1).mean().item() / 2
    value = value_of(R1(), QuadraticCritic(), real, samples(3))
    assert value.item() == pytest.approx(expected, rel=1e-10)


def test_gradient_penalty_takes_each_samples_own_norm() -> None:
    """A whole-batch or per-pixel norm would give another number."""
    real = samples(4)
    norms = real.flatten(1).norm(dim=1)
    value = value_of(GradientPenalty(target=0.5), QuadraticCritic(), real, real)
    assert value.item() == pytest.approx((norms - 0.5).square().mean().item(), rel=1e-6)


def test_gradient_penalty_draws_one_epsilon_a_sample() -> None:
    """Every point lies on the segment between its real and its generated sample."""
    seen: list[Tensor] = []

    def critic(points: Tensor) -> Tensor:
        seen.append(points.detach())
        return points.flatten(1).sum(1)

    real, fake = samples(5), samples(6)
    value_of(GradientPenalty(), critic, real, fake)
    epsilon = ((seen[0] - fake) / (real - fake)).flatten(1)
    torch.testing.assert_close(epsilon, epsilon[:, :1].expand_as(epsilon), rtol=1e-6, atol=1e-6)
    assert ((epsilon >= 0) & (epsilon <= 1)).all()
    assert len(epsilon[:, 0].unique()) == len(real)


@every_penalty
def test_penalty_reaches_the_weights(penalty: Penalty | LeCam) -> None:
    """A penalty that is computed and never back-propagated changes nothing."""
    critic = QuadraticCritic()
    value = value_of(penalty, critic, samples(7), samples(8))
    assert value.shape == ()
    assert value.item() > 0
    (gradient,) = torch.autograd.grad(value, critic.scale)
    assert gradient.abs() > 0


@every_penalty
def test_gradient_in_the_weights_agrees_with_finite_differences(penalty: Penalty | LeCam) -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Flatten(), nn.Linear(48, 3), nn.Softplus(), nn.Linear(3, 1))
    critic = critic.double().append(nn.Flatten(0))
    names = list(dict(critic.named_parameters()))
    real, fake = samples(9, 3), samples(10, 3)
    penalty = copy.deepcopy(penalty)
    if isinstance(penalty, LeCam):  # its averages are constants to the gradient: hold them
        penalty.decay = 1 - 1e-5
        penalty.count.fill_(10**7)

    def value(*parameters: Tensor) -> Tensor:
        torch.manual_seed(1)  # the same epsilons at every evaluation

        def score(points: Tensor) -> Tensor:
            arguments = dict(zip(names, parameters, strict=True))
            logits: Tensor = torch.func.functional_call(critic, arguments, (points,))
            return logits

        return value_of(
            copy.deepcopy(penalty), score, real, fake
        )  # moving averages must not move on

    parameters = tuple(p.detach().clone().requires_grad_() for p in critic.parameters())
    assert torch.autograd.gradcheck(value, parameters, atol=1e-6)


@every_penalty
def test_penalty_leaves_its_inputs_alone(penalty: Penalty | LeCam) -> None:
    real, fake = samples(11), samples(12)
    before = real.clone(), fake.clone()
    value_of(penalty, QuadraticCritic(), real, fake)
    assert torch.equal(real, before[0])
    assert torch.equal(fake, before[1])
    assert not real.requires_grad
    assert real.grad is None
    assert fake.grad is None


@every_penalty
def test_penalty_works_where_gradients_are_off(penalty: Penalty | LeCam) -> None:
    with torch.no_grad():
        value = value_of(penalty, QuadraticCritic(), samples(13), samples(14))
        assert value.isfinite()


@every_penalty
def test_penalty_refuses_to_be_applied_less_than_every_time(penalty: Penalty | LeCam) -> None:
    assert penalty.every == 1
    assert type(penalty)(every=16).every == 16  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="every must be at least 1, got 0"):
        type(penalty)(every=0)  # type: ignore[call-arg]


@pytest.mark.parametrize(("penalty", "factor"), [(R1(), 1), (R2(), 1), (R1R2(), 2)])
def test_r1_and_r2_are_exact_on_a_quadratic_critic(penalty: Penalty, factor: int) -> None:
    real, fake = samples(20), samples(21)
    on_real, on_fake = (x.flatten(1).square().sum(1).mean().item() for x in (real, fake))
    expected = {R1: on_real, R2: on_fake, R1R2: on_real + on_fake}[type(penalty)]
    value = value_of(penalty, QuadraticCritic(), real, fake)
    assert value.item() == pytest.approx(expected / 2, rel=1e-10)
    linear = value_of(penalty, LinearCritic(0.7), real, fake)
    assert linear.item() == pytest.approx(factor * 0.7**2 / 2, rel=1e-10)


@pytest.mark.parametrize("norm", [0.3, 2.5])
def test_dragan_is_exact_on_a_linear_critic(norm: float) -> None:
    value = value_of(DRAGAN(), LinearCritic(norm), samples(0), samples(1))
    assert value.item() == pytest.approx((norm - 1) ** 2, rel=1e-10)


def test_dragan_looks_around_the_real_samples() -> None:
    seen: list[Tensor] = []

    def critic(points: Tensor) -> Tensor:
        seen.append(points.detach())
        return points.flatten(1).sum(1)

    real = 5 * samples(22, 4000)
    value_of(DRAGAN(deviation=0.25), critic, real, samples(23))
    offset = seen[0] - real
    assert offset.mean().item() == pytest.approx(0, abs=0.02)
    assert offset.std().item() == pytest.approx(0.25 * 5, rel=0.02)


@pytest.mark.parametrize(("norm", "expected"), [(0.3, 0.0), (1.0, 0.0), (2.5, 2.25)])
def test_a_one_sided_penalty_leaves_small_norms_alone(norm: float, expected: float) -> None:
    penalty = GradientPenalty(target=1.0, one_sided=True)
    value = value_of(penalty, LinearCritic(norm), samples(0), samples(1))
    assert value.item() == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("packing", [2, 3])
def test_gradients_are_per_pack_where_samples_are_packed(packing: int) -> None:
    """A packed critic that sums a linear one over its pack has |w|^2 a sample."""
    critic = LinearCritic(0.5)

    def packs(x: Tensor) -> Tensor:
        return critic(x).reshape(-1, packing).sum(1)

    packed = value_of(R1(), packs, samples(0), samples(1))
    assert packed.item() == pytest.approx(packing * 0.5**2 / 2, rel=1e-10)


def test_lecam_follows_the_averages_of_the_other_kind() -> None:
    penalty = LeCam(decay=0.9)
    critic = QuadraticCritic()
    averages = torch.zeros(2, dtype=torch.float64)
    for step in range(1, 4):
        real, fake = samples(30 + step), samples(40 + step)
        real_logits, fake_logits = critic(real).detach(), critic(fake).detach()
        averages = 0.9 * averages + 0.1 * torch.stack([real_logits.mean(), fake_logits.mean()])
        real_anchor, fake_anchor = averages / (1 - 0.9**step)
        expected = (real_logits - fake_anchor).square().mean()
        expected = expected + (fake_logits - real_anchor).square().mean()
        value = value_of(penalty, critic, real, fake).detach()
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)


def test_lecams_averages_are_saved() -> None:
    penalty, other = LeCam(), LeCam()
    value_of(penalty, QuadraticCritic(), samples(0), samples(1))
    other.load_state_dict(penalty.state_dict())
    torch.testing.assert_close(other.anchors, penalty.anchors)
    assert other.count == 1
    with pytest.raises(ValueError, match=r"decay must be in \[0, 1\), got 1"):
        LeCam(decay=1.0)


@pytest.mark.parametrize("balanced", [False, True])
def test_consistency_is_the_squared_change_of_the_logit(balanced: bool) -> None:
    penalty = Consistency(augmentation=lambda x: 2 * x, balanced=balanced)
    real, fake = samples(24), samples(25)
    critic = LinearCritic(1.0)
    expected = critic(real).square().mean() + balanced * critic(fake).square().mean()
    torch.testing.assert_close(value_of(penalty, critic, real, fake), expected)


@every_penalty
@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_penalty_refuses_a_weight_that_is_not_positive(
    penalty: Penalty | LeCam, weight: float
) -> None:
    with pytest.raises(ValueError, match="weight must be positive"):
        type(penalty)(weight=weight)  # type: ignore[call-arg]


def test_gradient_penalty_refuses_a_negative_target() -> None:
    with pytest.raises(ValueError, match="target must not be negative"):
        GradientPenalty(target=-0.1)


def test_input_gradients_are_full_precision_under_autocast() -> None:
    network = Scores(partial(MLPBackbone, hidden=(8,)), SHAPE)

    def critic(points: Tensor) -> Tensor:
        return network({"x": points}).logits["x"]

    points = samples(15).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        gradients = input_gradients(critic, points)
    assert gradients.dtype == torch.float32
    torch.testing.assert_close(gradients, input_gradients(critic, points))


def dcgan(width: int, norm: str) -> Scores:
    return Scores(partial(DCGANBackbone, width=width, norm=norm), (1, 28, 28))


@every_penalty
def test_batch_norm_is_refused_where_gradients_are_per_sample(penalty: Penalty | LeCam) -> None:
    """Batch norm makes one logit depend on every sample."""
    with_norm = dcgan(2, "batch")
    if penalty.per_sample:
        with pytest.raises(ValueError, match="batch norm in the discriminator"):
            refuse_coupled_samples(with_norm, [penalty])
    else:
        refuse_coupled_samples(with_norm, [penalty])
    for norm in ("layer", "none"):
        refuse_coupled_samples(dcgan(2, norm), [penalty])


def test_batch_norm_does_couple_samples_and_layer_norm_does_not() -> None:
    points = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for norm, couples in [("batch", True), ("layer", False), ("none", False)]:
        torch.manual_seed(0)
        critic = dcgan(4, norm)
        inputs = points.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(critic({"x": inputs}).logits["x"][0], inputs)
        assert bool(gradient[1:].abs().max() > 1e-9) is couples


class LinearPatches(nn.Module):
    """Logits (N, 1, 2, 2) that are linear in x, whose mean has the gradient w everywhere."""

    def __init__(self, norm: float) -> None:
        super().__init__()
        self.critic = LinearCritic(norm)
        self.shares = torch.tensor([1.0, 2.0, 3.0, -2.0], dtype=torch.float64)  # of mean 1

    def forward(self, samples: Tensor) -> Tensor:
        patches: Tensor = self.critic(samples)[:, None] * self.shares
        return patches.reshape(-1, 1, 2, 2)


@pytest.mark.parametrize("norm", [0.3, 2.5])
@pytest.mark.parametrize("count", [1, 2, 6])
def test_penalties_are_exact_on_a_linear_critic_of_patches(norm: float, count: int) -> None:
    """D(x) is the mean over a sample's patches, and each sample has one norm."""
    critic, real, fake = LinearPatches(norm), samples(0, count), samples(1, count)
    assert critic(real).shape == (count, 1, 2, 2)
    for penalty, expected in [
        (GradientPenalty(), (norm - 1) ** 2),
        (GradientPenalty(one_sided=True), max(0, norm - 1) ** 2),
        (DRAGAN(), (norm - 1) ** 2),
        (R1(), norm**2 / 2),
        (R2(), norm**2 / 2),
        (R1R2(), norm**2),
    ]:
        value = value_of(penalty, critic, real, fake)
        assert value.item() == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_two_samples_of_four_patches_have_two_norms() -> None:
    critic, points = QuadraticCritic(), samples(26, 2)

    def patches(x: Tensor) -> Tensor:
        return critic(x)[:, None, None, None].expand(-1, 1, 2, 2)

    gradients = input_gradients(patches, points)
    assert gradients.shape == (2, 48)
    torch.testing.assert_close(gradients, points.flatten(1))  # each sample's own


def test_a_batch_of_patches_is_penalised_as_its_samples_are_one_by_one() -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Softplus(), nn.Conv2d(4, 1, 1)).double()
    real, fake = samples(27, 5), samples(28, 5)
    for penalty in (R1(), R2(), R1R2()):
        whole = value_of(penalty, critic, real, fake)
        each = [value_of(penalty, critic, real[i : i + 1], fake[i : i + 1]) for i in range(5)]
        torch.testing.assert_close(whole, torch.stack(each).mean())


@pytest.mark.parametrize("packing", [2, 3])
def test_packs_of_patches_have_one_norm_each(packing: int) -> None:
    """A pack's gradient in all of its m samples, (w, ..., w), has length sqrt(m) |w|."""
    critic = LinearPatches(0.5)

    def packs(x: Tensor) -> Tensor:
        return critic(x).unflatten(0, (-1, packing)).sum(1)

    assert input_gradients(packs, samples(0)).shape == (6 // packing, packing * 48)
    for penalty, expected in [
        (R1(), packing * 0.5**2 / 2),
        (GradientPenalty(), (packing**0.5 * 0.5 - 1) ** 2),
    ]:
        value = value_of(penalty, packs, samples(0), samples(1))
        assert value.item() == pytest.approx(expected, rel=1e-10)


def turn_of(discriminator: Discriminator, real: Sample, fake: Sample) -> Turn:
    judge, round = Judge(discriminator, nn.ModuleDict()), Round(real, fake)
    verdicts = judge(real), judge(fake)
    return Turn(
        "discriminator", round, *verdicts, None, discriminator, sides=lambda: judge.sides(round)
    )


class Weighted(Discriminator):
    """D = <a, x> + <b, source>, and as much for every label; one logit a patch of a row."""

    reads = ("x", "source", "label")

    def __init__(self, a: float, b: float) -> None:
        super().__init__()
        self.a, self.b = LinearCritic(a), LinearCritic(b)

    def forward(self, sample: Sample) -> Verdict:
        assert not sample["label"].is_floating_point()
        logits = self.a(sample["x"]) + self.b(sample["source"]) + sample["label"]
        return Verdict({"x": logits[:, None].expand(-1, 4)})


def pair(seed: int) -> Sample:
    label = torch.arange(4)
    return {"x": samples(seed, 4), "source": samples(seed + 1, 4), "label": label}


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.4), (1.2, 0.5)])
def test_what_is_read_together_is_differentiated_together(a: float, b: float) -> None:
    """The gradient in (x, source) has length sqrt(|a|^2 + |b|^2); labels have none."""
    turn = turn_of(Weighted(a, b), pair(0), pair(10))
    both = (a**2 + b**2) ** 0.5
    for penalty, expected in [
        (R1(), both**2 / 2),
        (R1R2(), both**2),
        (GradientPenalty(), (both - 1) ** 2),
        (DRAGAN(), (both - 1) ** 2),
    ]:
        assert penalty(turn).item() == pytest.approx(expected, rel=1e-9)


def test_each_part_of_a_discriminator_is_penalised_and_the_penalties_add_up() -> None:
    class One(Discriminator):
        def __init__(self, name: str, norm: float) -> None:
            super().__init__()
            self.reads, self.critic = (name,), LinearCritic(norm)

        def forward(self, sample: Sample) -> Verdict:
            return Verdict({"x": self.critic(sample[self.reads[0]])})

    parts = PerKey(a=One("x", 0.3), b=One("source", 2.0))
    value = R1()(turn_of(parts, pair(0), pair(10)))
    assert value.item() == pytest.approx((0.3**2 + 2.0**2) / 2, rel=1e-10)


def test_packed_scores_have_one_norm_a_pack() -> None:
    torch.manual_seed(0)
    discriminator = Scores(partial(MLPBackbone, hidden=()), (3, 4, 4), inputs=[Packs(2)])
    squared = discriminator.readout.linear.weight.square().sum().item()
    sample = {"x": samples(29).float()}
    value = R1()(turn_of(discriminator, sample, sample))
    assert value.item() == pytest.approx(squared / 2, rel=1e-5)


def test_gradients_in_tokens_are_refused_by_a_sentence() -> None:
    class Tokens(Discriminator):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(5, 1)

        def forward(self, sample: Sample) -> Verdict:
            return Verdict({"x": self.table(sample["x"]).mean((1, 2))})

    tokens: Any = {"x": torch.randint(5, (4, 3))}
    with pytest.raises(LabError, match="holds no floats to differentiate by") as refusal:
        R1()(turn_of(Tokens(), tokens, tokens))
    assert "\n" not in str(refusal.value)


def test_lecam_keeps_the_precision_of_the_logits() -> None:
    """Double logits were rounded to single ones, half ones must not stay half."""
    critic = Weighted(1.0, 0.0)
    value = LeCam()(turn_of(critic, pair(0), pair(2)))
    assert value.dtype == torch.float64
    verdict = Verdict({"x": torch.tensor([1.0, 1.0 + 2**-30], dtype=torch.float64)})
    turn = Turn("discriminator", Round({}, {}), verdict, verdict, None, critic)  # type: ignore[arg-type]
    assert LeCam(decay=0.0)(turn).item() == pytest.approx(2**-60, rel=1e-6, abs=0)
    halves = Verdict({"x": torch.ones(2, dtype=torch.bfloat16)})
    turn = Turn("discriminator", Round({}, {}), halves, halves, None, critic)  # type: ignore[arg-type]
    assert LeCam()(turn).dtype == torch.float32
