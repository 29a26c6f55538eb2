"""Every loss with every term, network and conditioning that is meant to go with it."""

import inspect
from collections.abc import Callable
from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from gan_lab import losses, models, terms
from gan_lab.augmentations import AdaptiveAugmentation, DiffAugment, InstanceNoise
from gan_lab.contracts import AdversarialLoss, Player, Report, Round, Rule, Term, Turn
from gan_lab.descents import Consensus, Extragradient
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import (
    BoundaryEquilibrium,
    EnergyMargin,
    FDivergence,
    MaximumMeanDiscrepancy,
    NonSaturating,
    Symmetric,
)
from gan_lab.models import (
    Backbone,
    DCGANBackbone,
    Generator,
    LabelPlanes,
    MLPBackbone,
    MLPGenerator,
    NormLabels,
    OneHotLabels,
    Packs,
    ProjectionReadout,
    Scores,
    StyleGAN2Generator,
)
from gan_lab.priors import Coded
from gan_lab.tasks import Generation
from gan_lab.terms import (
    R1,
    Classification,
    CodeRecovery,
    Consistency,
    Constraint,
    GradientPenalty,
    Information,
    LeCam,
    OrthogonalRegularization,
    Penalty,
    WeightClipping,
    WeightPenalty,
)
from tests.game.playing import play_images, twin, weights

SHAPE = (2, 8, 8)


def concrete(package: Any, *bases: type) -> list[type]:
    return [
        item
        for item in vars(package).values()
        if inspect.isclass(item) and issubclass(item, bases) and not inspect.isabstract(item)
    ]


ENERGIES = (BoundaryEquilibrium, EnergyMargin)
"""They judge autoencoders; see test_module.py."""
LOSSES: list[Callable[[], AdversarialLoss]] = [
    item
    for item in concrete(losses, AdversarialLoss)
    if item not in (FDivergence, MaximumMeanDiscrepancy, Symmetric, *ENERGIES)
]
LOSSES += [lambda: FDivergence("kl"), lambda: FDivergence("squared_hellinger")]
LOSSES += [lambda: Symmetric(NonSaturating()), lambda: MaximumMeanDiscrepancy("gaussian")]
TERMS: list[type] = concrete(terms, Penalty, WeightPenalty, Constraint, LeCam)
OTHER_MEDIA = (
    *(models.WaveGANGenerator, models.SpecGANGenerator),
    *(models.MoCoGANGenerator, models.VGANGenerator, models.VolumeGenerator),
)
"""Those that draw no images; see tests/models."""
PAIRS = [
    (generator, getattr(models, generator.__name__.replace("Generator", "Backbone"), DCGANBackbone))
    for generator in concrete(models, Generator)
    if generator not in OTHER_MEDIA
]
WITHOUT_BATCH_NORM = ("R3GANGenerator", "BigGANGenerator", "StyleGAN2Generator")
"""Those that have none that labels could scale."""
CONDITIONINGS = ("none", "concatenation", "projection", "auxiliary_classifier", "infogan")
CASES = list(product(range(len(LOSSES)), range(len(TERMS)), PAIRS, CONDITIONINGS))
SAMPLE = CASES[::47]  # 47 divides none of the axes' lengths, so that all of each axis is met


def small(network: type[nn.Module], **options: Any) -> Any:
    sizes = {"hidden": (8, 8), "width": 4, "units": 8, "latent_dim": 4, "sample_shape": SHAPE}
    known = inspect.signature(network).parameters
    return network(**({k: v for k, v in sizes.items() if k in known} | options))


def backbone(network: type[Backbone], shape: tuple[int, ...], **options: Any) -> Backbone:
    built: Backbone = small(network, input_shape=shape, **options)
    return built


def game(
    loss: AdversarialLoss,
    items: list[Any],
    pair: tuple[type[Generator], type[Backbone]],
    conditioning: str,
    **options: Any,
) -> GAN:
    generator_options: dict[str, Any] = {}
    if conditioning == "projection":
        generator_options["labels"] = NormLabels(3)
    elif conditioning != "none":
        generator_options["labels"] = OneHotLabels(3)
    if pair[0] is MLPGenerator and conditioning == "projection":
        generator_options["batch_norm"] = True
    scores: dict[str, dict[str, Any]] = {
        "none": {},
        "concatenation": {"inputs": [LabelPlanes(3)]},
        "projection": {"readout": partial(ProjectionReadout, num_classes=3)},
        "auxiliary_classifier": {"heads": {"label": 3}},
        "infogan": {"heads": {"label": 3, "code": 2}},
    }
    taught: dict[str, list[Rule]] = {
        "auxiliary_classifier": [Classification()],
        "infogan": [Information(), CodeRecovery()],
    }
    norm = {}
    if "norm" in inspect.signature(pair[1]).parameters:
        per_sample = any(isinstance(item, Penalty) and item.per_sample for item in items)
        norm["norm"] = "none" if per_sample else "batch"
    prior = Coded(4, codes=2, num_classes=3) if conditioning == "infogan" else None
    return GAN(
        Generation(small(pair[0], **generator_options), prior),
        Scores(
            lambda shape: small(pair[1], input_shape=shape, **norm), SHAPE, **scores[conditioning]
        ),
        loss,
        terms=[*items, *taught.get(conditioning, [])],
        **options,
    )


def assert_plays(case: tuple[int, int, Any, str]) -> None:
    loss, term, pair, conditioning = case
    torch.manual_seed(0)
    items = [TERMS[term]()]
    refusal = ""
    if pair[0] is StyleGAN2Generator and TERMS[term] is OrthogonalRegularization:
        refusal = "the generator has no layer of torch's whose weights could be made orthogonal"
    if pair[0] is StyleGAN2Generator and TERMS[term] is WeightClipping:
        refusal = "WeightClipping would leave nothing of weights that are divided by the root"
    if pair[0].__name__ in WITHOUT_BATCH_NORM and conditioning == "projection":
        refusal = "labels for batch norm need batch norm"
    if refusal:
        with pytest.raises(ValueError, match=refusal):
            game(LOSSES[loss](), items, pair, conditioning)
        return
    module = game(LOSSES[loss](), items, pair, conditioning)
    before = weights(module.task), weights(module.discriminator)
    play_images(module, 2)
    after = weights(module.task), weights(module.discriminator)
    for old, new in zip(before, after, strict=True):
        assert new.isfinite().all()
        assert not torch.equal(old, new)


def describe(case: Any) -> str:
    loss, term, pair, conditioning = case
    name = type(LOSSES[loss]()).__name__
    return f"{name}-{TERMS[term].__name__}-{pair[0].__name__}-{conditioning}"


@pytest.mark.parametrize("case", SAMPLE, ids=describe)
def test_a_sample_of_all_combinations_plays_two_steps(case: Any) -> None:
    assert_plays(case)


def test_the_sample_meets_every_pair_of_choices_on_most_axes() -> None:
    for axis in range(4):
        assert {str(case[axis]) for case in SAMPLE} == {str(case[axis]) for case in CASES}


@pytest.mark.slow
@pytest.mark.parametrize("loss", range(len(LOSSES)))
def test_every_combination_plays_two_steps(loss: int) -> None:
    for case in CASES:
        if case[0] == loss:
            assert_plays(case)


MLP = (MLPGenerator, MLPBackbone)
STILL = partial(torch.optim.SGD, lr=0.0)


def mlp(**options: Any) -> GAN:
    torch.manual_seed(0)
    items = options.pop("items", [])
    module = game(NonSaturating(), [], MLP, "none", **options)
    return GAN(module.task, module.discriminator, module.loss, items, **options)


@pytest.mark.parametrize(
    "augmentation", [DiffAugment(), AdaptiveAugmentation(samples_to_one=64), InstanceNoise(0.1)]
)
def test_augmented_games_play_and_remember(augmentation: Any) -> None:
    module = mlp(augmentations=[augmentation], items=[R1(), LeCam()])
    play_images(module, 8)
    names, name = set(module.state_dict()), type(augmentation).__name__
    assert "terms.LeCam.anchors" in names
    if isinstance(augmentation, AdaptiveAugmentation):
        assert module.state_dict()[f"augmentations.{name}.updates"] == 8
    if isinstance(augmentation, InstanceNoise):
        assert module.state_dict()[f"augmentations.{name}.steps"] == 8


def test_lazy_terms_are_applied_rarely_and_as_much_stronger() -> None:
    applied: list[int] = []

    class Counting(R1):
        def penalty(self, *sides: Any) -> torch.Tensor:
            applied.append(1)
            return super().penalty(*sides)

    reports: list[Report] = []

    class Watched(GAN):
        def descend(self, player: Player, round: Round) -> Report:
            report = super().descend(player, round)
            if player == "discriminator":
                reports.append(report)
            return report

    torch.manual_seed(0)
    parts = mlp()
    lazy = Counting(weight=2.0, every=4)
    module = Watched(parts.task, parts.discriminator, parts.loss, [lazy], n_critic=2)
    play_images(module, 6)  # twelve discriminator updates
    assert len(applied) == 3
    assert ["term/Counting" in report for report in reports] == ([False] * 3 + [True]) * 3

    once: list[torch.Tensor] = []
    for term, steps in ((R1(weight=2.0, every=4), 4), (R1(weight=8.0), 4)):
        module = twin(mlp(), Watched, terms=[term], discriminator_optimizer=STILL)
        reports.clear()
        torch.manual_seed(1)
        play_images(module, steps)
        once.append(reports[-1]["term/R1"])
    assert torch.equal(*once)


def test_a_generators_lazy_term_counts_its_own_updates() -> None:
    reports: list[Report] = []

    class Watched(GAN):
        def descend(self, player: Player, round: Round) -> Report:
            report = super().descend(player, round)
            if player == "generator":
                reports.append(report)
            return report

    class Size(Term):
        players = ("generator",)

        def forward(self, turn: Turn) -> torch.Tensor:
            return turn.round.fake["x"].square().mean()

    play_images(twin(mlp(), Watched, terms={"size": Size(every=3)}, n_critic=2), 7)
    assert ["term/size" in report for report in reports] == [False, False, True] * 2 + [False]


def test_two_terms_of_one_class_keep_names_of_their_own() -> None:
    module = mlp(items=[LeCam(0.1), R1(), LeCam(0.2), LeCam(0.3)])
    assert list(module.terms) == ["LeCam", "R1", "LeCam_2", "LeCam_3"]
    assert "terms.LeCam_2.anchors" in module.state_dict()
    named = mlp(items={"mine": LeCam(), "none": None})
    assert list(named.terms) == ["mine"]


def test_weight_penalties_move_their_own_player() -> None:
    for player, side in (("discriminator", "discriminator"), ("generator", "task")):
        plain, penalised = (
            mlp(items=items) for items in ([], [OrthogonalRegularization(10.0, player)])
        )
        for module in (plain, penalised):
            torch.manual_seed(1)
            play_images(module, 1)
        assert not torch.equal(weights(getattr(plain, side)), weights(getattr(penalised, side)))


def points(**options: Any) -> tuple[Generation, Scores]:
    network = partial(MLPBackbone, hidden=(8,))
    return Generation(MLPGenerator(4, (2,), hidden=(8,))), Scores(network, (2,), **options)


@pytest.mark.parametrize("term", [R1, GradientPenalty, LeCam])
def test_packs_play_and_points_too(term: type[Term]) -> None:
    torch.manual_seed(0)
    sides = points(inputs=[Packs(4)])
    module = GAN(*sides, NonSaturating(), [term()], augmentations=[InstanceNoise(0.1)])
    before = weights(module)
    play_images(module, 2)
    assert not torch.equal(weights(module), before)


def score(**options: Any) -> Scores:
    return Scores(partial(MLPBackbone, hidden=(8,)), options.pop("shape", SHAPE), **options)


PROJECTION = partial(ProjectionReadout, num_classes=3)


def labelled(**options: Any) -> Generation:
    return Generation(MLPGenerator(4, SHAPE, (8,), labels=OneHotLabels(3)), **options)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (
            lambda t: GAN(t, score(readout=PROJECTION), NonSaturating()),
            "the generator has 0 classes and the discriminator 3",
        ),
        (
            lambda t: GAN(labelled(), score(), NonSaturating()),
            "the generator has 3 classes and the discriminator 0",
        ),
        (
            lambda t: GAN(t, score(heads={"label": 3}), NonSaturating()),
            "nothing teaches the discriminator's second head label; add a term that reads it",
        ),
        (
            lambda t: GAN(t, score(heads={"code": 2}), NonSaturating(), [R1()]),
            "nothing teaches the discriminator's second head code; add a term that reads it",
        ),
        (
            lambda t: GAN(t, score(), NonSaturating(), [Classification()]),
            "Classification reads the second head label, which this discriminator has not",
        ),
        (
            lambda t: GAN(t, score(), NonSaturating(), [CodeRecovery()]),
            "CodeRecovery reads the second head code, which this discriminator has not",
        ),
        (
            lambda t: GAN(t, score(shape=(1, 8, 8)), NonSaturating()),
            "make their sample_shape equal",
        ),
        (
            lambda t: GAN(t, score(spectral_norm=True), NonSaturating(), [WeightClipping()]),
            "WeightClipping bounds weights that spectral norm rescales anyway",
        ),
        (
            lambda t: GAN(*points(), NonSaturating(), augmentations=[DiffAugment()]),
            "this augmentation is for images",
        ),
        (
            lambda t: GAN(*points(), NonSaturating(), [Consistency()]),
            "this augmentation is for images",
        ),
        (
            lambda t: score(inputs=[LabelPlanes(3), Packs(2)]),
            "packing=2 joins samples of different labels",
        ),
        (
            lambda t: labelled(prior=Coded(4, num_classes=5)),
            "the prior draws codes of 5 values and the generator knows 3 classes",
        ),
        (
            lambda t: labelled(prior=Coded(6, num_classes=3)),
            "the prior draws 6 latents and the generator takes 4",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_by_a_sentence(build: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        build(Generation(MLPGenerator(4, SHAPE, hidden=(8,))))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("descent", [Extragradient(), Consensus()])
@pytest.mark.parametrize("trainer", [{"precision": "16-mixed"}, {"world_size": 2}])
def test_descents_that_replay_are_refused_where_backward_passes_are_relied_on(
    descent: Any, trainer: dict[str, Any]
) -> None:
    module = mlp(descent=descent)
    module._trainer = SimpleNamespace(**({"world_size": 1, "precision": "32-true"} | trainer))
    with pytest.raises(
        LabError, match=f"descent={type(descent).__name__.lower()} takes"
    ) as refusal:
        module.on_fit_start()
    assert "\n" not in str(refusal.value)
    plain = mlp()
    plain._trainer = SimpleNamespace(world_size=1, precision="16-mixed")
    plain.on_fit_start()
