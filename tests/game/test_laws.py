"""What holds of every game: how terms add up, what penalties and players see."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_lab import terms
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
from gan_lab.contracts import PLAYERS, Discriminator, Player, Round, Sample, Term, Turn, Verdict
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating, RelativisticPairing, Wasserstein
from gan_lab.models import MLPBackbone, MLPGenerator, OneHotLabels, Scores
from gan_lab.priors import Coded
from gan_lab.tasks import Generation
from gan_lab.terms import R1, R1R2, R2, GradientPenalty
from tests.game.playing import play_images, twin

SHAPE = (1, 8, 8)


class Constant(Term):
    """A number, whoever asks."""

    players = PLAYERS

    def __init__(self, value: float, weight: float, every: int = 1) -> None:
        super().__init__(weight, every)
        self.value = value

    def forward(self, turn: Turn) -> Tensor:
        return torch.tensor(self.value)


class Linear(Discriminator):
    """D(x) = <w, x>."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(SHAPE, generator=torch.Generator().manual_seed(3)))

    def forward(self, sample: Sample) -> Verdict:
        return Verdict({"x": (self.weight * sample["x"]).flatten(1).sum(1)})


class Stretched(Augmentation):
    """x -> s x + 1, whose derivative is s."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, samples: Tensor) -> Tensor:
        return self.factor * samples + 1


def game(discriminator: Discriminator | None = None, **options: Any) -> GAN:
    torch.manual_seed(0)
    return GAN(
        Generation(MLPGenerator(4, SHAPE, hidden=(8,))),
        discriminator or Scores(partial(MLPBackbone, hidden=(8,)), SHAPE),
        **({"loss": NonSaturating()} | options),
    )


def a_round(module: GAN, count: int = 6) -> Round:
    torch.manual_seed(1)
    return module.task({"x": torch.rand(count, *SHAPE) * 2 - 1})


def objective(module: GAN, player: Player, round: Round, updates: int = 1) -> Tensor:
    """Return a player's objective at its n-th update, with the same random numbers each time."""
    module.updates = lambda player: updates
    torch.manual_seed(2)
    return module.objective(player, round)[0]


@pytest.mark.parametrize("player", PLAYERS)
@pytest.mark.parametrize("every", [1, 2, 5])
def test_a_rare_term_adds_as_much_over_its_period_as_a_frequent_one(
    player: Player, every: int
) -> None:
    module = game(terms={"constant": Constant(value=3.0, weight=0.25, every=every)})
    round = a_round(module)
    bare = objective(game(), player, round).item()
    added = [objective(module, player, round, n).item() - bare for n in range(1, 2 * every + 1)]
    assert sum(added) == pytest.approx(2 * every * 0.75, rel=1e-5)
    assert [n for n, value in enumerate(added, start=1) if abs(value) > 1e-6] == [every, 2 * every]


@pytest.mark.parametrize("player", PLAYERS)
def test_updates_are_counted_from_one_for_each_player(player: Player) -> None:
    module = game(terms={"constant": Constant(1.0, 1.0, every=3)}, n_critic=2)
    seen: list[bool] = []
    inner = module.objective

    def watched(mover: Player, round: Round) -> Any:
        value, turn = inner(mover, round)
        if mover == player:
            seen.append("term/constant" in turn.report)
        return value, turn

    module.objective = watched  # type: ignore[method-assign]
    play_images(module, 6)
    assert seen == [n % 3 == 0 for n in range(1, len(seen) + 1)]


EVERY_TERM: dict[str, Callable[[], Term]] = {
    "Classification": terms.Classification,
    "Information": terms.Information,
    "CodeRecovery": terms.CodeRecovery,
    "GradientPenalty": terms.GradientPenalty,
    "GradientPower": terms.GradientPower,
    "ModeSeeking": terms.ModeSeeking,
    "DRAGAN": terms.DRAGAN,
    "R1": terms.R1,
    "R2": terms.R2,
    "R1R2": terms.R1R2,
    "LeCam": terms.LeCam,
    "Consistency": terms.Consistency,
    "OrthogonalRegularization": terms.OrthogonalRegularization,
}


def coded_game(**options: Any) -> GAN:
    torch.manual_seed(0)
    labels, prior = OneHotLabels(3), Coded(4, codes=2, num_classes=3)
    backbone = partial(MLPBackbone, hidden=(8,))
    return GAN(
        Generation(MLPGenerator(4, SHAPE, (8,), labels=labels), prior=prior),
        Scores(backbone, SHAPE, heads={"label": 3, "code": 2}),
        NonSaturating(),
        terms={"heads": Heads(), **options},
    )


class Heads(Term):
    """Lets the second heads go untaught."""

    needs_heads = ("label", "code")
    players = ()

    def forward(self, turn: Turn) -> Tensor:
        raise AssertionError


@pytest.mark.parametrize("name", EVERY_TERM)
@pytest.mark.parametrize("player", PLAYERS)
def test_a_term_is_added_to_its_players_objectives_and_to_no_other(
    name: str, player: Player
) -> None:
    """The objective's gradient is the loss's, and weight times the term's own."""
    term = EVERY_TERM[name]()
    term.weight = 7.0
    module, bare = coded_game(term=term), coded_game()
    bare.load_state_dict(module.state_dict(), strict=False)
    torch.manual_seed(1)
    batch = {"x": torch.rand(6, *SHAPE), "label": torch.tensor([0, 1, 2, 2, 1, 0])}
    round = module.task(batch)
    with_term, without = objective(module, player, round), objective(bare, player, round)
    if player not in term.players:
        assert torch.equal(with_term, without)
        return
    torch.manual_seed(2)
    turn = bare.objective(player, round)[1]
    if isinstance(term, terms.LeCam):  # its averages have moved on
        term.anchors.zero_()
        term.count.zero_()
    expected = term(turn)
    assert expected.item() > 0
    assert (with_term - without).item() == pytest.approx(7 * expected.item(), rel=1e-4)


def test_players_of_recognition_are_both() -> None:
    for name in ("Classification", "Information", "CodeRecovery"):
        assert set(EVERY_TERM[name]().players) == set(PLAYERS)


def test_a_codes_class_is_the_priors_whatever_the_data_say() -> None:
    module = coded_game(information=terms.Information())
    losses = set()
    for label in range(3):
        torch.manual_seed(1)
        round = module.task({"x": torch.zeros(64, *SHAPE), "label": torch.full((64,), label)})
        assert round.fake["label"].unique().tolist() == [0, 1, 2]  # not the data's one class
        losses.add(objective(module, "generator", round).item())
    assert len(losses) == 1


@pytest.mark.parametrize("factor", [1.0, 3.0])
@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        (R1(), lambda norm: norm**2 / 2),
        (R2(), lambda norm: norm**2 / 2),
        (R1R2(), lambda norm: norm**2),
        (GradientPenalty(), lambda norm: (norm - 1) ** 2),
    ],
    ids=lambda item: type(item).__name__,
)
def test_penalties_see_samples_through_the_augmentation(
    penalty: Term, expected: Callable[[float], float], factor: float
) -> None:
    """By the chain rule the gradient of D(T(x)) in x is s times as long as that of D."""
    critic = Linear()
    module = game(critic, loss=Wasserstein(), augmentations=[Stretched(factor)], terms=[penalty])
    module.updates = lambda player: 1
    turn = module.objective("discriminator", a_round(module))[1]
    norm = factor * critic.weight.norm().item()
    assert penalty(turn).item() == pytest.approx(expected(norm), rel=1e-4)


@pytest.mark.parametrize("loss", [Wasserstein(), RelativisticPairing()])
def test_both_players_objectives_are_those_of_augmented_samples(loss: Any) -> None:
    critic, factor = Linear(), -2.0
    module = game(critic, loss=loss, augmentations=[Stretched(factor)])
    round = a_round(module)
    real, fake = (critic({"x": factor * s["x"] + 1}).logits["x"] for s in (round.real, round.fake))
    for player, formula in (("discriminator", loss.discriminator), ("generator", loss.generator)):
        value = module.objective(player, round)[0]
        torch.testing.assert_close(value, formula(real, fake))


def test_the_generators_gradient_passes_through_augmentations() -> None:
    critic, factor = Linear(), -2.0
    module = game(critic, loss=Wasserstein(), augmentations=[Stretched(factor)])
    round = a_round(module)
    value = module.objective("generator", round)[0]
    (gradient,) = torch.autograd.grad(value, round.fake["x"])
    expected = -factor * critic.weight.detach() / len(gradient)
    torch.testing.assert_close(gradient, expected.expand_as(gradient))


@pytest.mark.parametrize(
    "augmentation",
    [
        *(Brightness(), Saturation(), Contrast(), Translation(), Cutout(0.25)),
        *(DiffAugment(contrast=None), InstanceNoise(), AdaptiveAugmentation(Brightness())),
    ],
    ids=lambda augmentation: type(augmentation).__name__,
)
def test_every_augmentation_lets_the_gradient_through(augmentation: Augmentation) -> None:
    if isinstance(augmentation, AdaptiveAugmentation):
        augmentation.probability.fill_(1)
    torch.manual_seed(0)
    samples = torch.rand(40, 2, 8, 8, requires_grad=True)
    (gradient,) = torch.autograd.grad(augmentation(samples).sum(), samples)
    kept, lost = (gradient - 1).abs() < 1e-5, gradient.abs() < 1e-5
    assert bool((kept | lost).all())  # each value counts once in the sum, wherever it went
    assert kept.double().mean() > 0.6


def test_only_floats_that_the_discriminator_reads_are_augmented() -> None:
    module = game(augmentations=[Stretched(5.0)])
    sample = {"x": torch.ones(2, *SHAPE), "label": torch.tensor([1, 2]), "z": torch.ones(2, 4)}
    changed = module.judge.augmented(sample)
    assert torch.equal(changed["x"], torch.full((2, *SHAPE), 6.0))
    assert torch.equal(changed["label"], sample["label"])
    assert torch.equal(changed["z"], sample["z"])
    assert torch.equal(sample["x"], torch.ones(2, *SHAPE))


def test_augmentations_act_in_their_order() -> None:
    module = game(augmentations={"first": Stretched(5.0), "second": Stretched(-1.0)})
    changed = module.judge.augmented({"x": torch.ones(2, *SHAPE)})
    assert torch.equal(changed["x"], torch.full((2, *SHAPE), -5.0))  # -(5 + 1) + 1


def test_a_twin_of_a_game_has_its_objective() -> None:
    module = game()
    round = a_round(module)
    for player in PLAYERS:
        assert torch.equal(
            objective(module, player, round), objective(twin(module, GAN), player, round)
        )
