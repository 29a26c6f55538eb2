"""Imitation: rounds of episodes, advantages against a loop, proximal steps, runs of recipes."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_lab.contracts import Turn, Verdict
from gan_lab.descents import Plain, Proximal
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.models import ActorCritic, MLPBackbone, Scores
from gan_lab.tasks import Imitation
from gan_lab.terms import Cloning, ProximalPolicy
from gan_lab.terms.acting import reward
from tests.conftest import CommandLine
from tests.game.playing import assert_resumes_bitwise, play, weights

pytest.importorskip("gymnasium")


def pairs(random: torch.Generator) -> dict[str, Tensor]:
    states = torch.rand(8, 4, generator=random) * 2 - 1
    actions = torch.nn.functional.one_hot(torch.randint(2, (8,), generator=random), 2)
    return {"x": torch.cat([states, actions.float()], dim=1)}


def game(descent: Any = None, episodes: int = 2, **options: Any) -> GAN:
    torch.manual_seed(0)
    terms = options.pop("terms", None) or {"policy": ProximalPolicy(kind="difference")}
    return GAN(
        Imitation(ActorCritic(4, 2, (8,)), "CartPole-v1", episodes),
        Scores(partial(MLPBackbone, hidden=(8,)), (6,)),
        NonSaturating(),
        terms,
        descent=descent,
        adversarial_weight=0.0,
        **options,
    )


def test_a_round_holds_the_policys_episodes_and_what_it_thought_of_them() -> None:
    task = game().task
    batch = pairs(torch.Generator().manual_seed(1))
    first, second = task(batch), task(batch)
    assert int(task.played) == 4
    for round in (first, second):
        made = round.made
        assert round.fake["x"].shape == (int(made["counted"].sum()), 6)
        torch.testing.assert_close(round.fake["x"][:, :4], made["states"][:, :-1][made["counted"]])
        likely, entropy = task.policy.log_probabilities(made["states"][:, :-1], made["actions"])
        torch.testing.assert_close(made["log_probabilities"], likely.detach())
        assert (entropy > 0.6).all()  # nearly even at the start
        assert not round.fake["x"].requires_grad
    assert not torch.equal(first.made["states"][:, 0], second.made["states"][:, 0])
    state = torch.zeros(3, 4)
    assert task.sample(3, {"state": state})["x"].shape == (3, 6)
    assert len(game(episodes=0, terms={"c": Cloning()}).task(batch).fake["x"]) == 0


def test_rewards_are_the_three_of_a_probability() -> None:
    logits = torch.linspace(-4, 4, 9, dtype=torch.float64)
    odds = logits.sigmoid()
    torch.testing.assert_close(reward("positive", logits), -(1 - odds).log())
    torch.testing.assert_close(reward("negative", logits), odds.log())
    torch.testing.assert_close(reward("difference", logits), odds.log() - (1 - odds).log())
    assert reward("positive", logits).min() > 0 > reward("negative", logits).max()
    assert torch.equal(reward("constant", logits), torch.ones(9, dtype=torch.float64))


def turn_of(made: dict[str, Tensor], task: Any, logits: Tensor) -> Turn:
    from gan_lab.contracts import Round

    return Turn(
        "generator",
        Round({}, {}, made),
        Verdict({}),
        Verdict({"x": logits}),
        task,
        game().discriminator,
    )


def test_advantages_follow_whole_and_cut_episodes() -> None:
    module = game()
    term = ProximalPolicy(kind="negative", discount=0.9, trace=0.7)
    random = torch.Generator().manual_seed(3)
    lengths, terminated = [3, 5, 2], torch.tensor([True, False, False])
    counted = torch.arange(5) < torch.tensor(lengths)[:, None]
    made = {
        "states": torch.randn(3, 6, 4, generator=random),
        "actions": torch.randint(2, (3, 5), generator=random),
        "rewards": torch.randn(3, 5, generator=random) * counted,
        "counted": counted,
        "terminated": terminated,
        "log_probabilities": torch.randn(3, 5, generator=random),
        "values": torch.randn(3, 6, generator=random),
    }
    logits = torch.randn(int(counted.sum()), generator=random)
    turn = turn_of(made, module.task, logits)
    earned = term.rewards(turn)
    torch.testing.assert_close(earned[counted], torch.nn.functional.logsigmoid(logits))
    other = ProximalPolicy(kind="difference").rewards(turn)
    torch.testing.assert_close(other[counted], logits)
    gains, values = term.gains(turn, earned)
    for row, length in enumerate(lengths):
        follows = 0.0 if terminated[row] else float(made["values"][row, length])
        known = [*made["values"][row, :length].tolist(), follows]
        ahead = 0.0
        for t in reversed(range(length)):
            error = float(earned[row, t]) + 0.9 * known[t + 1] - known[t]
            ahead = error + 0.9 * 0.7 * ahead
            assert float(gains[row, t]) == pytest.approx(ahead, abs=1e-5)
        assert values[row, :length].tolist() == pytest.approx(known[:-1])
        assert not values[row, length:].any()


def test_the_first_steps_gradient_is_the_policy_gradients() -> None:
    module = game()
    round = module.task(pairs(torch.Generator().manual_seed(1)))
    term = ProximalPolicy(kind="environment", value_weight=0.0, entropy_weight=0.0)
    turn = turn_of(dict(round.made), module.task, torch.zeros(0))
    actor = list(module.task.policy.actor.parameters())
    found = torch.autograd.grad(term(turn), actor)
    told, length = turn.report["policy/steps"], round.made["counted"].sum() / 2
    assert told.shape == () and float(told) == pytest.approx(float(length))
    assert torch.equal(term.rewards(turn), round.made["rewards"])
    gains, _ = term.gains(turn, term.rewards(turn))
    counted = round.made["counted"]
    chosen = gains[counted]
    gain = (gains - chosen.mean()) / (chosen.std(unbiased=False) + 1e-8)
    likely, _ = module.task.policy.log_probabilities(
        round.made["states"][:, :-1], round.made["actions"]
    )
    expected = torch.autograd.grad(-(likely * gain)[counted].mean(), actor)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_proximal_steps_count_as_one_and_stay_near() -> None:
    moved = []
    for descent in (Plain(), Proximal(1), Proximal(5)):
        module = game(descent)
        before = weights(module.task)
        runner = play(module, pairs, 2)
        assert runner.global_step == 2
        moved.append(weights(module.task) - before)
    assert torch.equal(moved[0], moved[1])
    assert moved[2].norm() > 2 * moved[0].norm()
    with pytest.raises(ValueError, match="epochs must be at least 1, got 0"):
        Proximal(0)


def test_imitation_resumes_bitwise(tmp_path: Path) -> None:
    assert_resumes_bitwise(lambda: game(Proximal(2)), pairs, tmp_path)


def test_what_does_not_go_together_is_said_in_a_line() -> None:
    with pytest.raises(LabError, match="played no episodes"):
        play(game(episodes=0), pairs, 1)
    with pytest.raises(LabError, match=r"pairs must be of shape \[6\] here, got \[2\]"):
        play(game(), lambda random: {"x": torch.zeros(8, 2)}, 1)
    with pytest.raises(ValueError, match="kind must be positive, negative"):
        ProximalPolicy(kind="large")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"discount must be in \[0, 1\], got 2"):
        ProximalPolicy(discount=2)
    with pytest.raises(ValueError, match="episodes and seed must not be negative"):
        Imitation(ActorCritic(4, 2, (8,)), "CartPole-v1", -1)
    with pytest.raises(LabError, match="CartPole-v1 has 2 actions, got 3"):
        Imitation(ActorCritic(4, 3, (8,)), "CartPole-v1")


CART = (
    *("data.environment=CartPole-v1", "data.states=4", "data.actions=2", "data.trajectories=1"),
    *("model.generator.hidden=[8]", "model.discriminator.hidden=[8]", "data.batch_size=32"),
    *("callbacks.returns.episodes=3", "callbacks.progress=null", "logger=csv"),
)


@pytest.mark.filterwarnings("default::pytorch_lightning.utilities.warnings.PossibleUserWarning")
@pytest.mark.parametrize("recipe", ["gail", "cloning"])
def test_a_recipe_runs_and_tells_what_it_earns(recipe: str, train: CommandLine) -> None:
    run = train(f"experiment={recipe}", *CART, "trainer.max_steps=2")
    final = json.loads((run / "summary.json").read_text())["final"]
    assert final["return/expert"] == 500 and 5 < final["return/random"] < 60
    assert final["return/policy"] >= 8
    assert (run / "samples" / "policy.gif").stat().st_size > 500


@pytest.mark.slow
def test_imitation_learns_to_swing(train: CommandLine) -> None:
    """One trajectory of Acrobot's expert, a minute on one thread."""
    run = train("experiment=gail", "data.trajectories=1", "trainer.max_steps=150",
                "callbacks.progress=null", "+callbacks.returns.animation=false")  # fmt: skip
    final = json.loads((run / "summary.json").read_text())["final"]
    assert final["return/policy"] > -160 > final["return/random"]
