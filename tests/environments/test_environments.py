"""Episodes side by side, experts, and an expert's trajectories as data."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gan_lab.data import TrajectoriesDataModule
from gan_lab.environments import EXPERTS, Environment, expert
from gan_lab.errors import LabError

gymnasium = pytest.importorskip("gymnasium")


def always(action: int) -> Any:
    return lambda states: torch.full((len(states),), action)


def test_episodes_side_by_side_are_those_played_one_by_one() -> None:
    world = Environment("CartPole-v1")
    played = world.play(expert_of_halves, [3, 4, 5])
    for row, seed in enumerate((3, 4, 5)):
        own = gymnasium.make("CartPole-v1")
        state, _ = own.reset(seed=seed)
        for step in range(int(played.counted[row].sum())):
            scaled = world.scaled(torch.from_numpy(state))
            torch.testing.assert_close(played.states[row, step], scaled)
            action = int(expert_of_halves(scaled[None])[0])
            assert action == played.actions[row, step]
            state, _, ends, cut, _ = own.step(action)
        assert ends and not cut and played.terminated[row]
        final = played.states[row, int(played.counted[row].sum())]
        torch.testing.assert_close(final, world.scaled(torch.from_numpy(state)))
    assert torch.equal(played.returns, played.counted.sum(1).float())
    pairs = played.pairs(2)
    assert pairs.shape == (int(played.counted.sum()), 6)
    assert torch.equal(pairs[:, 4:].sum(1), torch.ones(len(pairs)))


def expert_of_halves(states: Tensor) -> Tensor:
    return (states[:, 2] > 0).long()


def test_states_are_scaled_where_their_bounds_tell_how() -> None:
    world = Environment("MountainCar-v0", 2, 3)
    low, high = torch.tensor([-1.2, -0.07]), torch.tensor([0.6, 0.07])
    torch.testing.assert_close(
        world.scaled(torch.stack([low, high])), torch.tensor([[-1.0, -1.0], [1.0, 1.0]])
    )
    torch.testing.assert_close(world.unscaled(world.scaled(low)), low)
    cart = Environment("CartPole-v1")
    assert cart.radius[1] == 1 and cart.centre[1] == 0  # a speed without bounds
    assert copy.deepcopy(cart).name == cart.name
    cut = world.play(always(1), [0])
    assert not cut.terminated[0] and cut.counted.sum() == 200


LEAST = {"Acrobot-v1": -130.0, "CartPole-v1": 400.0, "MountainCar-v0": -130.0}


@pytest.mark.parametrize("name", EXPERTS)
def test_experts_know_their_worlds(name: str) -> None:
    world = Environment(name)
    assert float(world.play(expert(world), range(5)).returns.mean()) > LEAST[name]


def test_trajectories_are_pairs_of_scaled_states_and_actions() -> None:
    data = TrajectoriesDataModule("MountainCar-v0", 2, 3, trajectories=2, every=10, batch_size=4)
    data.setup()
    assert data.sample_shape == (5,) and data.medium.name == "points"
    states, actions = data.train.images.split([2, 3], dim=1)
    assert states.abs().max() <= 1 and torch.equal(actions.argmax(1), data.train.labels)
    assert len(data.expert_returns) == 2
    again = TrajectoriesDataModule("MountainCar-v0", 2, 3, trajectories=2, every=10, batch_size=4)
    again.setup()
    assert torch.equal(again.train.images, data.train.images)


def own(path: Path, **changed: Any) -> Path:
    arrays = {
        "observations": np.zeros((6, 2), np.float32),
        "actions": np.array([0, 1, 2, 0, 1, 2]),
        "ends": np.array([0, 0, 1, 0, 1, 1], bool),
    } | changed
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    return path


def read(path: Path, trajectories: int = 2) -> TrajectoriesDataModule:
    data = TrajectoriesDataModule("MountainCar-v0", 2, 3, trajectories, path=path, batch_size=2)
    data.setup()
    return data


def test_a_users_own_trajectories_are_read(tmp_path: Path) -> None:
    data = read(own(tmp_path / "own.npz"))
    assert data.train.labels.tolist() == [0, 1, 2, 0, 1]
    assert data.test.labels.tolist() == [2]  # what is left
    world = Environment("MountainCar-v0")
    torch.testing.assert_close(data.train.images[0, :2], world.scaled(torch.zeros(2)))
    assert len(read(own(tmp_path / "one.npz", ends=None), 1).test.labels) == 6


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"observations": np.zeros((6, 3))}, r"must hold observations \(N, 2\)"),
        ({"actions": np.arange(5)}, r"actions \(N,\), and ends \(N,\) or none, got \[5\]"),
        ({"actions": np.full(6, 3)}, "whole numbers from 0 to 2, got"),
        ({"actions": np.zeros(6)}, "must be whole numbers, got float64"),
        ({"actions": None}, "lacks actions"),
        ({"observations": np.full((6, 2), np.nan)}, "all finite"),
    ],
    ids=str,
)
def test_trajectories_of_the_wrong_shape_are_refused_in_a_line(
    changed: Any, match: str, tmp_path: Path
) -> None:
    with pytest.raises(LabError, match=match):
        read(own(tmp_path / "bad.npz", **changed))


def test_what_is_not_there_is_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="there is no environment Nowhere-v0 here"):
        Environment("Nowhere-v0")
    with pytest.raises(LabError, match="Acrobot-v1 has 6 states, got 5; set data.states=6"):
        Environment("Acrobot-v1", 5)
    with pytest.raises(LabError, match="wants a vector and a choice among few"):
        Environment("Pendulum-v1")
    with pytest.raises(LabError, match="holds 3 trajectories, got data.trajectories=4"):
        read(own(tmp_path / "few.npz"), 4)
    (tmp_path / "no.npz").write_bytes(b"no")
    with pytest.raises(LabError, match="cannot be read as an .npz of trajectories"):
        read(tmp_path / "no.npz")
    with pytest.raises(ValueError, match="trajectories must be at least 1, got 0"):
        TrajectoriesDataModule(trajectories=0)
