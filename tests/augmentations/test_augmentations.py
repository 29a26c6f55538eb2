"""What samples go through before they are judged."""

import inspect

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gan_lab import augmentations
from gan_lab.augmentations import (
    AdaptiveAugmentation,
    Augmentation,
    Brightness,
    Contrast,
    Cutout,
    DiffAugment,
    InstanceNoise,
    Saturation,
    Translation,
)
from gan_lab.augmentations.diffaugment import cut_out, translate
from gan_lab.contracts import AdversarialLoss, Round, Turn, Verdict
from gan_lab.game import GAN
from gan_lab.losses import (
    FDivergence,
    Hinge,
    LeastSquares,
    NonSaturating,
    RelativisticAverage,
    RelativisticPairing,
    Symmetric,
    Wasserstein,
)
from gan_lab.models import MLPBackbone, MLPGenerator, Scores
from gan_lab.tasks import Generation

AUGMENTATIONS = [
    item
    for item in vars(augmentations).values()
    if inspect.isclass(item) and issubclass(item, Augmentation) and not inspect.isabstract(item)
]

every_augmentation = pytest.mark.parametrize("augmentation", AUGMENTATIONS)


def images(seed: int, count: int = 8) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, 8, 12, generator=generator, dtype=torch.float64)


@every_augmentation
def test_shapes_types_and_gradients_pass(augmentation: type[Augmentation]) -> None:
    torch.manual_seed(0)
    augment = augmentation()
    if isinstance(augment, AdaptiveAugmentation):
        augment.probability.fill_(1)
    inputs = images(0).requires_grad_()
    outputs = augment(inputs)
    assert outputs.shape == inputs.shape
    assert outputs.dtype == inputs.dtype
    assert not torch.equal(outputs, inputs)
    (gradient,) = torch.autograd.grad(outputs.sum(), inputs)
    assert gradient.isfinite().all()
    assert gradient.any()


@given(down=st.integers(-8, 8), right=st.integers(-12, 12), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_translation_moves_pixels_and_fills_with_black(down: int, right: int, seed: int) -> None:
    image = images(seed, 1)
    moved = translate(image, torch.tensor([down]), torch.tensor([right]))
    for row in range(8):
        for column in range(12):
            source = row - down, column - right
            inside = 0 <= source[0] < 8 and 0 <= source[1] < 12
            expected = image[0, :, source[0], source[1]] if inside else torch.full((3,), -1.0)
            assert torch.equal(moved[0, :, row, column], expected.double())


def test_translation_stays_within_its_ratio_and_differs_between_samples() -> None:
    torch.manual_seed(0)
    dots = torch.full((500, 1, 9, 9), -1.0)
    dots[:, :, 4, 4] = 1
    moved = Translation(ratio=0.2)(dots)
    places = (moved[:, 0] == 1).nonzero()[:, 1:] - 4
    assert places.abs().max() == 2
    assert len({tuple(place) for place in places.tolist()}) == 25


@pytest.mark.parametrize(("size", "most"), [(12, 2), (27, 3), (28, 4), (32, 4)])
def test_an_eighth_of_a_size_is_rounded_as_the_authors_round_it(size: int, most: int) -> None:
    torch.manual_seed(0)
    dots = torch.full((300, 1, size, size), -1.0)
    dots[:, :, size // 2, size // 2] = 1
    places = (Translation()(dots)[:, 0] == 1).nonzero()[:, 1:] - size // 2
    assert (places.min(), places.max()) == (-most, most)  # int(size * 0.125 + 0.5), not size // 8


def test_cutout_greys_out_one_rectangle() -> None:
    image = images(1, 2)
    cut = cut_out(image, torch.tensor([1, -1]), torch.tensor([10, 0]), (3, 4))
    expected = image.clone()
    expected[0, :, 1:4, 10:12] = 0
    expected[1, :, 0:2, 0:4] = 0
    assert torch.equal(cut, expected)


def test_cutout_never_misses_the_image() -> None:
    torch.manual_seed(0)
    share = (Cutout(0.5)(torch.ones(2000, 1, 8, 8)) == 0).double().mean((1, 2, 3))
    assert share.max() == 0.25
    assert share.min() >= 0.25 / 4


def test_brightness_shifts_whole_images_within_its_strength() -> None:
    torch.manual_seed(0)
    shifts = (Brightness(0.5)(images(2, 500)) - images(2, 500)).flatten(1)
    torch.testing.assert_close(shifts, shifts[:, :1].expand_as(shifts))
    assert 0.45 < shifts.abs().max() <= 0.5


def test_saturation_stretches_distances_from_grey_and_contrast_from_the_mean() -> None:
    """DiffAugment_pytorch.py: factors from U(0, 2) and U(0.5, 1.5)."""
    torch.manual_seed(0)
    before = images(5, 500)
    for kind, dims, least, most in [
        (Saturation(), (1,), 0.0, 2.0),
        (Contrast(), (1, 2, 3), 0.5, 1.5),
    ]:
        after, mean = kind(before), before.mean(dims, keepdim=True)
        torch.testing.assert_close(after.mean(dims, keepdim=True), mean)
        factors = ((after - mean) / (before - mean)).flatten(1)
        torch.testing.assert_close(factors, factors[:, :1].expand_as(factors), atol=1e-6, rtol=1e-6)
        assert least <= factors.min() < least + 0.02
        assert most - 0.02 < factors.max() <= most


def test_grey_images_have_no_saturation_and_draw_none() -> None:
    torch.manual_seed(0)
    state = torch.get_rng_state()
    grey = torch.randn(4, 1, 8, 8)
    torch.set_rng_state(state)
    assert torch.equal(Saturation()(grey), grey)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(Contrast()(grey), grey)


def test_diffaugments_colour_comes_first_and_in_its_authors_order() -> None:
    kinds = [type(part) for part in DiffAugment().parts]
    assert kinds == [Brightness, Saturation, Contrast, Translation, Cutout]
    assert [part.strength for part in DiffAugment().parts[:3]] == [0.5, 1.0, 0.5]
    few = DiffAugment(brightness=None, saturation=None, cutout=None)
    assert [type(part) for part in few.parts] == [Contrast, Translation]


@pytest.mark.parametrize("augmentation", [Brightness, Contrast, Saturation, Translation, Cutout])
def test_points_are_refused_where_images_are_meant(augmentation: type[Augmentation]) -> None:
    with pytest.raises(ValueError, match="this augmentation is for images"):
        augmentation()(torch.zeros(4, 2))


def test_instance_noise_has_its_deviation_and_fades() -> None:
    torch.manual_seed(0)
    noise = InstanceNoise(deviation=0.5, anneal_steps=10)
    points = torch.zeros(5000, 2)
    for step in (0, 5, 10, 11):
        noise.steps.fill_(step)
        expected = 0.5 * max(0, 1 - step / 10)
        assert noise(points).std().item() == pytest.approx(expected, rel=0.05)
    noise.observe(points[:, 0])
    assert noise.steps == 12
    kept = InstanceNoise(0.5)
    kept.observe(points[:, 0])
    assert kept(points).std().item() == pytest.approx(0.5, rel=0.05)


def test_adaptive_probability_follows_the_sign_of_overfitting() -> None:
    adaptive = AdaptiveAugmentation(target=0.6, interval=4, samples_to_one=1000)
    sure, unsure = torch.ones(10), torch.tensor([1.0, -1.0]).repeat(5)
    for update in range(1, 9):
        adaptive.learn(sure, count=10)
        expected = 4 * 10 / 1000 * (update // 4)
        assert adaptive.probability.item() == pytest.approx(expected)
    for _ in range(4):
        adaptive.learn(unsure, count=10)  # r = 0 is below the target
    assert adaptive.probability.item() == pytest.approx(0.04)
    for _ in range(400):
        adaptive.learn(sure, count=10)
    assert adaptive.probability.item() == 1


def discriminators_turn(real: Tensor, samples: int, loss: AdversarialLoss) -> Turn:
    x = {"x": torch.zeros(samples, 2)}
    verdict = Verdict({"x": real})
    judge = Scores(MLPBackbone, (2,))
    return Turn("discriminator", Round(x, x), verdict, verdict, judge, judge, loss=loss)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("loss", "real", "fake"),
    [
        (NonSaturating(), 0.1, -0.1),
        (LeastSquares(), 0.6, 0.4),
        (LeastSquares(1.0, 0.0, 0.0), 0.4, 0.6),
        (Symmetric(LeastSquares(1.0, 0.0, 0.0)), 0.4, 0.6),
        (FDivergence("kl"), 1.1, 0.9),
        (Hinge(), 0.1, -0.1),
    ],
)
def test_adaptive_augmentation_asks_the_loss_what_says_real(
    loss: AdversarialLoss, real: float, fake: float
) -> None:
    """At logit 0 for all, a least-squares game at exact chance drove p to 1."""
    chance = torch.tensor([real, fake]).repeat(8)
    for logits, expected in [(chance, 0.0), (torch.full((16,), real), 16 / 64)]:
        adaptive = AdaptiveAugmentation(interval=1, samples_to_one=64)
        adaptive.after_update(discriminators_turn(logits, 16, loss))
        assert adaptive.probability.item() == pytest.approx(expected)


def test_packs_count_as_their_samples() -> None:
    adaptive = AdaptiveAugmentation(interval=1, samples_to_one=64)
    adaptive.after_update(discriminators_turn(torch.ones(4), 16, NonSaturating()))
    assert adaptive.probability.item() == pytest.approx(16 / 64)


@pytest.mark.parametrize("loss", [Wasserstein(), RelativisticPairing(), RelativisticAverage()])
def test_a_critic_says_neither_and_is_refused(loss: AdversarialLoss) -> None:
    task, judge = Generation(MLPGenerator(2, (1, 4, 4), (4,))), Scores(MLPBackbone, (1, 4, 4))
    with pytest.raises(ValueError, match=f"asks which logits say real, and {type(loss).__name__}"):
        GAN(task, judge, loss, augmentations=[AdaptiveAugmentation()])
    GAN(task, judge, loss, augmentations=[DiffAugment()])


def test_adaptive_augmentation_changes_a_share_p_of_the_samples() -> None:
    torch.manual_seed(0)
    adaptive = AdaptiveAugmentation(Brightness(0.5))
    assert torch.equal(adaptive(images(3)), images(3))
    adaptive.probability.fill_(0.3)
    many = images(4, 5000)
    changed = (adaptive(many) != many).flatten(1)
    assert changed.any(1).double().mean().item() == pytest.approx(0.3, abs=0.03)
    other = AdaptiveAugmentation()
    other.load_state_dict(adaptive.state_dict(), strict=False)
    assert other.probability == adaptive.probability


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: InstanceNoise(0.0), "deviation must be positive"),
        (lambda: InstanceNoise(anneal_steps=0), "anneal_steps must be at least 1"),
        (lambda: Translation(1.0), r"ratio must be in \(0, 1\)"),
        (lambda: Cutout(0.0), r"ratio must be in \(0, 1\)"),
        (lambda: Brightness(-1.0), "strength must be positive"),
        (lambda: Saturation(0.0), "strength must be positive"),
        (lambda: DiffAugment(None, None, None, None, None), "all five are null"),
        (lambda: AdaptiveAugmentation(target=1.0), r"target must be in \(0, 1\)"),
        (lambda: AdaptiveAugmentation(interval=0), "interval must be at least 1"),
    ],
)
def test_bad_arguments_are_refused(build: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build()  # type: ignore[operator]
