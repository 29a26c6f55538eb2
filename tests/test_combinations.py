"""Every loss with every regularizer, network and conditioning that is meant to go with it."""

import inspect
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from torch import nn

from gan_lab import losses, models, regularizers
from gan_lab.augmentations import AdaptiveAugmentation, DiffAugment, InstanceNoise
from gan_lab.data import BatchLoader
from gan_lab.losses import (
    AdversarialLoss,
    AuxiliaryClassifier,
    AuxiliaryLoss,
    FDivergence,
    Information,
    NonSaturating,
)
from gan_lab.models import Discriminator, Generator, MLPDiscriminator, MLPGenerator
from gan_lab.module import GAN
from gan_lab.regularizers import (
    R1,
    Consistency,
    Constraint,
    LeCam,
    OrthogonalRegularization,
    Penalty,
    WeightClipping,
    WeightPenalty,
)

SHAPE = (2, 8, 8)


def concrete(package: Any, *bases: type) -> list[type]:
    return [
        item
        for item in vars(package).values()
        if inspect.isclass(item) and issubclass(item, bases) and not inspect.isabstract(item)
    ]


LOSSES: list[Callable[[], AdversarialLoss]] = [
    item for item in concrete(losses, AdversarialLoss) if item is not FDivergence
]
LOSSES += [lambda: FDivergence("kl"), lambda: FDivergence("squared_hellinger")]
REGULARIZERS: list[type] = concrete(regularizers, Penalty, WeightPenalty, Constraint)
PAIRS = [
    (generator, getattr(models, generator.__name__.replace("Generator", "Discriminator")))
    for generator in concrete(models, Generator)
]
CONDITIONINGS: dict[str, tuple[str, str, type[AuxiliaryLoss] | None]] = {
    "none": ("none", "none", None),
    "concatenation": ("concatenation", "concatenation", None),
    "projection": ("batch_norm", "projection", None),
    "auxiliary_classifier": ("concatenation", "classifier", AuxiliaryClassifier),
    "infogan": ("concatenation", "classifier", Information),
}
CASES = list(product(range(len(LOSSES)), range(len(REGULARIZERS)), PAIRS, CONDITIONINGS))
SAMPLE = CASES[::17]  # 17 divides none of the axes' lengths, so that all of each axis is met


def small(network: type[nn.Module], **options: Any) -> Any:
    sizes = {"hidden": (8, 8), "width": 4, "units": 8, "latent_dim": 4, "image_shape": SHAPE}
    known = inspect.signature(network).parameters
    return network(**({k: v for k, v in sizes.items() if k in known} | options))


def game(
    loss: AdversarialLoss,
    items: list[Any],
    pair: tuple[type[Generator], type[Discriminator]],
    conditioning: str,
    **options: Any,
) -> GAN:
    generator_kind, discriminator_kind, auxiliary = CONDITIONINGS[conditioning]
    classes = 0 if conditioning == "none" else 3
    generator_options: dict[str, Any] = {"conditioning": generator_kind, "num_classes": classes}
    discriminator_options = {"conditioning": discriminator_kind, "num_classes": classes}
    if pair[0] is MLPGenerator and generator_kind == "batch_norm":
        generator_options["batch_norm"] = True
    if conditioning == "infogan":
        discriminator_options["num_codes"] = 2
    per_sample = any(isinstance(item, Penalty) and item.per_sample for item in items)
    if "norm" in inspect.signature(pair[1]).parameters:
        discriminator_options["norm"] = "none" if per_sample else "batch"
    return GAN(
        small(pair[0], **generator_options),
        small(pair[1], **discriminator_options),
        loss,
        regularizers=items,
        auxiliary=auxiliary() if auxiliary else None,
        **options,
    )


def play(module: GAN, steps: int = 2) -> None:
    shape = module.generator.image_shape
    images = torch.randint(0, 256, (24, *shape), dtype=torch.uint8)
    samples = images if len(shape) == 3 else torch.randn(24, *shape)
    loader = BatchLoader(samples, torch.arange(24) % 3, batch_size=8 * module.n_critic)
    Trainer(
        max_steps=steps,
        max_epochs=-1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(module, loader)


def weights(module: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()]).clone()


def assert_plays(case: tuple[int, int, Any, str]) -> None:
    loss, regularizer, pair, conditioning = case
    torch.manual_seed(0)
    items = [REGULARIZERS[regularizer]()]
    if pair[0].__name__ == "R3GANGenerator" and conditioning == "projection":
        with pytest.raises(ValueError, match="conditioning=batch_norm needs batch norm"):
            game(LOSSES[loss](), items, pair, conditioning)
        return
    module = game(LOSSES[loss](), items, pair, conditioning)
    before = weights(module.generator), weights(module.discriminator)
    play(module)
    after = weights(module.generator), weights(module.discriminator)
    for old, new in zip(before, after, strict=True):
        assert new.isfinite().all()
        assert not torch.equal(old, new)


def describe(case: Any) -> str:
    loss, regularizer, pair, conditioning = case
    name = type(LOSSES[loss]()).__name__
    return f"{name}-{REGULARIZERS[regularizer].__name__}-{pair[0].__name__}-{conditioning}"


@pytest.mark.parametrize("case", SAMPLE, ids=describe)
def test_a_sample_of_all_combinations_plays_two_steps(case: Any) -> None:
    assert_plays(case)


def test_the_sample_meets_every_pair_of_choices_on_most_axes() -> None:
    for axis in range(4):
        assert {str(case[axis]) for case in SAMPLE} == {str(case[axis]) for case in CASES}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=describe)
def test_every_combination_plays_two_steps(case: Any) -> None:
    assert_plays(case)


MLP = (MLPGenerator, MLPDiscriminator)


def mlp(**options: Any) -> GAN:
    torch.manual_seed(0)
    return game(NonSaturating(), options.pop("items", []), MLP, "none", **options)


@pytest.mark.parametrize(
    "augmentation", [DiffAugment(), AdaptiveAugmentation(samples_to_one=64), InstanceNoise(0.1)]
)
def test_augmented_games_play_and_remember(augmentation: Any) -> None:
    module = mlp(augmentations=[augmentation], items=[R1(), LeCam()])
    play(module, 8)
    names = set(module.state_dict())
    assert "memories.0.anchors" in names
    if isinstance(augmentation, AdaptiveAugmentation):
        assert module.state_dict()["augmentations.0.updates"] == 8
    if isinstance(augmentation, InstanceNoise):
        assert module.state_dict()["augmentations.0.steps"] == 8


def test_lazy_penalties_are_applied_rarely_and_as_much_stronger() -> None:
    applied: list[int] = []

    class Counting(R1):
        def __call__(self, discriminator: Any, real: Any, fake: Any) -> torch.Tensor:
            applied.append(1)
            return super().__call__(discriminator, real, fake)

    module = mlp(items=[Counting(weight=2.0, every=4)], n_critic=2)
    reports: list[dict[str, torch.Tensor]] = []
    original = module.update_discriminator

    def watched(*arguments: Any) -> dict[str, torch.Tensor]:
        reports.append(original(*arguments))
        return reports[-1]

    module.update_discriminator = watched  # type: ignore[method-assign]
    play(module, 6)  # twelve discriminator updates
    assert len(applied) == 3
    assert ["penalty/Counting" in report for report in reports] == ([False] * 3 + [True]) * 3
    full = mlp(items=[R1(weight=8.0)])
    real, fake = torch.randn(8, *SHAPE), torch.randn(8, *SHAPE)
    lazy = R1(weight=2.0, every=4)
    once = lazy.every * lazy(full.discriminator, real, fake)
    torch.testing.assert_close(once, full.penalties[0](full.discriminator, real, fake))


def test_weight_penalties_move_their_own_player() -> None:
    for player in ("discriminator", "generator"):
        plain, penalised = (
            mlp(items=items)
            for items in ([], [OrthogonalRegularization(10.0, player)])  # type: ignore[arg-type]
        )
        for module in (plain, penalised):
            torch.manual_seed(1)
            play(module, 1)
        assert not torch.equal(weights(getattr(plain, player)), weights(getattr(penalised, player)))


def test_packs_play_and_points_too() -> None:
    torch.manual_seed(0)
    module = GAN(
        MLPGenerator(4, (2,), hidden=(8,)),
        MLPDiscriminator((2,), hidden=(8,), packing=4),
        NonSaturating(),
        regularizers=[R1()],
        augmentations=[InstanceNoise(0.1)],
    )
    play(module)


def conditional(kind: str, classes: int = 3) -> MLPDiscriminator:
    options: Any = {"conditioning": kind, "num_classes": classes}
    return MLPDiscriminator(SHAPE, hidden=(8,), **options)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (
            lambda g, d: GAN(g, conditional("projection"), NonSaturating()),
            "the generator has 0 classes and the discriminator 3",
        ),
        (
            lambda g, d: GAN(g, conditional("classifier"), NonSaturating()),
            "need each other; got conditioning=classifier and auxiliary=null",
        ),
        (
            lambda g, d: GAN(g, d, NonSaturating(), auxiliary=AuxiliaryClassifier()),
            "need each other; got conditioning=none and auxiliary=AuxiliaryClassifier",
        ),
        (
            lambda g, d: GAN(g, MLPDiscriminator((1, 8, 8), (8,)), NonSaturating()),
            "make their image_shape equal",
        ),
        (
            lambda g, d: GAN(
                g,
                MLPDiscriminator(SHAPE, (8,), spectral_norm=True),
                NonSaturating(),
                regularizers=[WeightClipping()],
            ),
            "WeightClipping bounds weights that spectral norm rescales anyway",
        ),
        (
            lambda g, d: GAN(
                MLPGenerator(4, (2,), (8,)),
                MLPDiscriminator((2,), (8,)),
                NonSaturating(),
                augmentations=[DiffAugment()],
            ),
            "this augmentation is for images",
        ),
        (
            lambda g, d: GAN(
                MLPGenerator(4, (2,), (8,)),
                MLPDiscriminator((2,), (8,)),
                NonSaturating(),
                regularizers=[Consistency()],
            ),
            "this augmentation is for images",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_by_a_sentence(build: Any, sentence: str) -> None:
    generator = MLPGenerator(4, SHAPE, hidden=(8,))
    discriminator = MLPDiscriminator(SHAPE, hidden=(8,))
    with pytest.raises(ValueError, match=sentence) as refusal:
        build(generator, discriminator)
    assert "\n" not in str(refusal.value)
