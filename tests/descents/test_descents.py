"""Ways to descend: their formulas, what they remember, what they leave as it was."""

import copy
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from gan_lab.contracts import Descent, Player, Round, Turn, Verdict
from gan_lab.descents import Consensus, ConstantThenLinear, Extragradient, Gated, Optimistic, Plain
from gan_lab.descents.gated import share_right
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating, Wasserstein
from gan_lab.models import MLPBackbone, MLPGenerator, Scores
from gan_lab.tasks import Generation
from gan_lab.terms import GradientPenalty
from tests.game.playing import Moves, Steps, assert_resumes_bitwise, play, trainer, weights

DESCENTS: dict[str, Any] = {
    "plain": Plain,
    "extragradient": Extragradient,
    "optimistic": Optimistic,
    "consensus": partial(Consensus, 1.0),
    "gated": partial(Gated, 1.0),
}
SGD = partial(torch.optim.SGD, lr=0.1)


def points(random: torch.Generator) -> dict[str, Tensor]:
    return {"x": torch.randn(8, 2, generator=random)}


def game(descent: Descent | None, **options: Any) -> GAN:
    torch.manual_seed(0)
    return GAN(
        Generation(MLPGenerator(3, (2,), (8,))),
        Scores(partial(MLPBackbone, hidden=(8,)), (2,)),
        options.pop("loss", None) or NonSaturating(),
        descent=descent,
        **options,
    )


@pytest.mark.parametrize("name", DESCENTS)
@pytest.mark.parametrize("options", [{}, {"n_critic": 2, "fresh_noise": True}], ids=str)
def test_every_descent_resumes_bitwise(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    def build() -> GAN:
        return game(DESCENTS[name](), terms=[GradientPenalty()], **options)

    assert_resumes_bitwise(build, points, tmp_path)


@pytest.mark.parametrize("name", DESCENTS)
@pytest.mark.parametrize("n_critic", [1, 3])
def test_every_descent_moves_one_side_at_a_time(name: str, n_critic: int) -> None:
    class Watched(GAN):
        def descend(self, player: Player, round: Round) -> Any:
            before = weights(self.discriminator), weights(self.task)
            report = super().descend(player, round)
            after = weights(self.discriminator), weights(self.task)
            moved = [not torch.equal(*pair) for pair in zip(before, after, strict=True)]
            assert moved == [player == "discriminator", player == "generator"]
            assert all(parameter.requires_grad for parameter in self.parameters())
            turns.append(player)
            return report

    turns: list[Player] = []
    module = game(DESCENTS[name](), n_critic=n_critic)
    module.__class__ = Watched
    play(module, points, 3)
    assert turns == (["discriminator"] * n_critic + ["generator"]) * 3


def test_plain_descent_is_the_default() -> None:
    assert isinstance(game(None).descent, Plain)
    assert not Plain.replays and not Optimistic.replays
    assert Extragradient.replays and Consensus.replays


class Place(nn.Module):
    """A generator that knows one number, whatever the noise."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor([value]))


class Dirac(Generation):
    """The game of one point each, f = theta psi: what is real lies at 0 (Mescheder et al. 2018)."""

    def __init__(self, theta: float) -> None:
        super().__init__(MLPGenerator(1, (1,), ()))
        del self.generator
        self.place = Place(theta)

    def forward(self, batch: dict[str, Tensor]) -> Round:
        return Round({"x": torch.zeros(1, 1)}, {"x": self.place.value[None]})


class Slope(Scores):
    """D(x) = psi x."""

    def __init__(self, psi: float) -> None:
        super().__init__(partial(MLPBackbone, hidden=()), (1,))
        self.readout.linear.bias.requires_grad_(False)
        nn.init.zeros_(self.readout.linear.bias)
        nn.init.constant_(self.readout.linear.weight, psi)


def dirac(descent: Descent, steps: int, **options: Any) -> list[tuple[float, float]]:
    """Return (theta, psi) before and after each step of Wasserstein's game on two numbers."""
    module = GAN(
        Dirac(1.0),
        Slope(0.5),
        Wasserstein(),
        descent=descent,
        generator_optimizer=SGD,
        discriminator_optimizer=SGD,
        **options,
    )
    path = []

    class Noting(Moves):
        def compare(self, module: GAN) -> None:
            path.append((module.task.place.value.item(), weights(module.discriminator)[0].item()))

    noting = Noting()
    play(module, lambda random: {"x": torch.zeros(1, 1)}, steps, noting)
    assert len(path) == 2 * steps + 1
    return path[::2]


def by_hand(kind: str, steps: int, h: float = 0.1) -> list[tuple[float, float]]:
    """Play the two numbers' game, L_D = psi theta and L_G = -psi theta, from its formulas."""
    theta, psi = 1.0, 0.5
    last = {"theta": 0.0, "psi": 0.0}
    path = [(theta, psi)]
    for _ in range(steps):
        for player in ("psi", "theta"):
            if kind == "extragradient":
                ahead = theta + h * psi, psi - h * theta
                step = -h * ahead[0] if player == "psi" else h * ahead[1]
            elif kind == "consensus":  # half of |v|^2 = theta^2 + psi^2, of weight 1
                step = -h * (theta + psi) if player == "psi" else -h * (-psi + theta)
            else:
                step = -h * theta if player == "psi" else h * psi
            if kind == "optimistic":
                step, last[player] = 2 * step - last[player], step
            if player == "psi":
                psi += step
            else:
                theta += step
        path.append((theta, psi))
    return path


@pytest.mark.parametrize("name", [name for name in DESCENTS if name != "gated"])  # of a critic
def test_each_descent_takes_its_papers_steps(name: str) -> None:
    found, expected = dirac(DESCENTS[name](), 5), by_hand(name, 5)
    for point, other in zip(found, expected, strict=True):
        assert point == pytest.approx(other, abs=1e-5)


def test_plain_descent_circles_and_the_others_approach() -> None:
    def distance(name: str) -> float:
        theta, psi = dirac(DESCENTS[name](), 60)[-1]
        return float((theta**2 + psi**2) ** 0.5)

    start = (1 + 0.5**2) ** 0.5
    assert distance("plain") > 0.8 * start
    for name in ("extragradient", "optimistic", "consensus"):
        assert distance(name) < 0.8 * start, name


@pytest.mark.parametrize("optimizer", [SGD, partial(torch.optim.Adam, lr=1e-2)])
def test_looking_a_step_ahead_leaves_everything_where_it_was(optimizer: Any) -> None:
    module = game(Extragradient(), generator_optimizer=optimizer, discriminator_optimizer=optimizer)
    checked: list[bool] = []

    class Watched(GAN):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            self.play(batch[0])
            before = weights(self), torch.get_rng_state(), self.optimizer_states()
            with self.one_step_ahead():
                assert not torch.equal(weights(self), before[0])
            assert torch.equal(weights(self), before[0])
            assert torch.equal(torch.get_rng_state(), before[1])
            assert str(self.optimizer_states()) == str(before[2])
            checked.append(True)
            return super().training_step(batch, batch_idx)

        def optimizer_states(self) -> Any:
            players: tuple[Player, Player] = ("discriminator", "generator")
            return copy.deepcopy([self.optimizer_of(player).state_dict() for player in players])

    module.__class__ = Watched
    play(module, points, 3)
    assert len(checked) == 3


def test_a_minibatch_is_played_again_with_the_same_noise() -> None:
    class Watched(GAN):
        def descend(self, player: Player, round: Round) -> Any:
            state = torch.get_rng_state()
            again = self.replay()
            assert torch.equal(again.fake["x"], round.fake["x"])
            assert again.fake["x"].requires_grad
            assert torch.equal(state, torch.get_rng_state())
            return super().descend(player, round)

    for fresh_noise in (False, True):
        module = game(Extragradient(), n_critic=2, fresh_noise=fresh_noise)
        module.__class__ = Watched
        play(module, points, 2)


def test_steps_that_are_taken_back_are_in_checkpoints() -> None:
    module = game(Optimistic())
    play(module, points, 2)
    kept = {name: value for name, value in module.state_dict().items() if "descent." in name}
    assert len(kept) == len(list(module.parameters()))
    assert all(value.any() for value in kept.values())


class Probe(torch.autograd.Function):
    """Passes values on, and notes whether gradients are taken within autocast."""

    within: ClassVar[list[bool]] = []

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return values.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        Probe.within.append(torch.is_autocast_enabled("cpu"))
        return gradient.clone()


class Probing(NonSaturating):
    def __init__(self, probe: type[Probe]) -> None:  # no default, so that no study takes it up
        super().__init__()
        self.probe = probe

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.probe.apply(super().discriminator(real, fake))

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.probe.apply(super().generator(real, fake))


@pytest.mark.parametrize("name", DESCENTS)
def test_gradients_are_taken_outside_of_autocast(name: str) -> None:
    Probe.within.clear()
    module = game(DESCENTS[name](), loss=Probing(Probe))
    trainer(2, precision="bf16-mixed").fit(module, Steps(points))
    assert len(Probe.within) >= 4
    assert not any(Probe.within)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_consensus_refuses_a_weight_that_is_not_positive(weight: float) -> None:
    with pytest.raises(ValueError, match="weight must be positive"):
        Consensus(weight)


@pytest.mark.parametrize("name", DESCENTS)
def test_what_the_objective_does_not_depend_on_has_no_direction(name: str) -> None:
    parts = game(None)
    parts.discriminator.register_parameter("unused", nn.Parameter(torch.ones(3)))
    descent = DESCENTS[name]()
    module = GAN(parts.task, parts.discriminator, NonSaturating(), descent=descent)
    play(module, points, 2)
    assert torch.equal(module.discriminator.unused, torch.ones(3))


def test_a_discriminator_that_is_right_too_often_rests_and_the_generator_moves() -> None:
    moves, rests = Moves(), Moves()
    module = game(Gated(0.51), discriminator_optimizer=partial(torch.optim.SGD, lr=0.0))
    reports: list[Any] = []

    class Watched(GAN):
        def descend(self, player: Player, round: Round) -> Any:
            reports.append(super().descend(player, round))
            return reports[-1]

    module.__class__ = Watched
    real = torch.full((8, 2), 50.0)
    with torch.no_grad():  # far from all that is generated, and called real
        for parameter in module.discriminator.parameters():
            parameter.abs_()
        module.discriminator.readout.linear.bias.fill_(-20.0)  # type: ignore[union-attr]
    play(module, lambda _: {"x": real}, 3, rests)
    assert rests.moved == [{"generator"}] * 3
    assert [float(r["discriminator_moves"]) for r in reports[::2]] == [0.0] * 3
    assert reports[0]["discriminator_moves"].is_floating_point()  # as a mean of steps is one
    other = game(Gated(0.99))
    other.__class__ = Watched
    reports.clear()
    play(other, points, 3, moves)
    assert moves.moved == [{"discriminator"}, {"generator"}] * 3
    assert [float(r["discriminator_moves"]) for r in reports[::2]] == [1.0] * 3


def test_a_gate_needs_logits_that_say_something() -> None:
    with pytest.raises(ValueError, match="Gated asks which logits say real"):
        game(Gated(), loss=Wasserstein())
    with pytest.raises(ValueError, match="above 0.5 and at most 1"):
        Gated(0.5)


def test_the_share_that_is_right_counts_both_halves() -> None:
    module = game(Gated())
    real, fake = torch.tensor([1.0, -1.0, -1.0, -1.0]), torch.tensor([-1.0, -1.0, 1.0, -1.0])
    turn = Turn(
        "discriminator",
        Round({"x": torch.zeros(4, 2)}, {"x": torch.ones(4, 2)}),
        Verdict({"x": real}),
        Verdict({"x": fake}),
        module.task,
        module.discriminator,
        loss=NonSaturating(),
    )
    assert float(share_right(turn)) == (1 / 4 + 3 / 4) / 2


@pytest.mark.parametrize("constant", [0.0, 0.5, 0.75])
def test_a_rate_is_constant_and_then_falls_to_zero_in_equal_steps(constant: float) -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.4)
    schedule = ConstantThenLinear(optimizer, 20, constant)
    rates = []
    for _ in range(22):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    kept = int(20 * constant)
    falling = [0.4 * (20 - step) / (20 - kept) for step in range(kept, 21)]
    assert rates == pytest.approx([0.4] * kept + falling + [0.0])


def test_a_fall_needs_steps() -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.4)
    with pytest.raises(ValueError, match="total_steps must be at least 1, got 0"):
        ConstantThenLinear(optimizer, 0)
    for constant in (-0.1, 1.0):
        with pytest.raises(ValueError, match=f"at least 0 and below 1, got {constant}"):
            ConstantThenLinear(optimizer, 10, constant)
