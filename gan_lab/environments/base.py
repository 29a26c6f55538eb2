"""Gymnasium's environments, several episodes of them side by side."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gan_lab.errors import LabError

Act = Callable[[Tensor], Tensor]
"""From states (m, d), scaled, to actions (m,)."""

MOST = 1e3
"""A bound of a state beyond which it tells nothing of how large the state is."""


class Episodes(NamedTuple):
    """Whole episodes from their beginnings to their ends, padded to the longest, T.

    Attributes:
        states: Scaled, that each action was taken in and, after the last, the one that it led to:
            shape (N, T + 1, d).
        actions: Shape (N, T).
        rewards: The environment's own, shape (N, T).
        counted: Whether there is a step there, shape (N, T).
        terminated: Whether each ended by itself, and not by its time limit: shape (N,).
        frames: Of the first episode, uint8 (H, W, 3) each, where they were asked for.
    """

    states: Tensor
    actions: Tensor
    rewards: Tensor
    counted: Tensor
    terminated: Tensor
    frames: list[Any]

    @property
    def returns(self) -> Tensor:
        """What each earned, shape (N,)."""
        return self.rewards.sum(1)

    def pairs(self, actions: int) -> Tensor:
        """Return each step's state beside its action of so many, one-hot: (M, d + actions)."""
        chosen = torch.nn.functional.one_hot(self.actions, actions).float()
        return torch.cat([self.states[:, :-1], chosen], dim=2)[self.counted]


class Environment:
    """An environment of states that are vectors and actions that are few.

    States are scaled such that their bounds, where it tells some, become -1 and 1.

    Args:
        name: That Gymnasium knows it by, such as Acrobot-v1.
        states: Numbers of a state, to be checked; None takes whatever there are.
        actions: Likewise.

    Attributes:
        states: Numbers of a state, d.
        actions: How many there are.

    Raises:
        LabError: If Gymnasium is not installed, has no such environment, or it is of another kind.
    """

    def __init__(self, name: str, states: int | None = None, actions: int | None = None) -> None:
        self.name = name
        self._worlds = [self.make()]
        world = self._worlds[0]
        low = getattr(world.observation_space, "low", None)
        count = getattr(world.action_space, "n", None)
        if low is None or low.ndim != 1 or count is None:
            raise LabError(
                f"{name} has observations {world.observation_space} and actions "
                f"{world.action_space}; imitation wants a vector and a choice among few, such as "
                "Acrobot-v1"
            )
        self.states, self.actions = len(low), int(count)
        for key, given, found in (("states", states, len(low)), ("actions", actions, int(count))):
            if given not in (None, found):
                raise LabError(f"{name} has {found} {key}, got {given}; set data.{key}={found}")
        high = world.observation_space.high
        bounded = (np.abs(low) < MOST) & (np.abs(high) < MOST)
        low, high = np.where(bounded, low, -1.0), np.where(bounded, high, 1.0)
        self.centre = torch.tensor((high + low) / 2).float()
        self.radius = torch.tensor((high - low) / 2).float()

    def make(self, **options: Any) -> Any:
        """Return a world of its own.

        Raises:
            LabError: If there is none of that name.
        """
        try:
            import gymnasium
        except ImportError as error:
            raise LabError("imitation needs Gymnasium: pip install 'gan-lab[rl]'") from error
        try:
            return gymnasium.make(self.name, disable_env_checker=True, **options)
        except Exception as error:  # whatever stands behind a name
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise LabError(
                f"there is no environment {self.name} here ({reason}); Gymnasium has Acrobot-v1, "
                "MountainCar-v0 and CartPole-v1"
            ) from error

    def __deepcopy__(self, memo: dict[int, Any]) -> "Environment":
        """Return another of the same name, as what draws a world cannot be copied."""
        return Environment(self.name)

    def scaled(self, observations: Tensor) -> Tensor:
        """Return observations (..., d) as policies see them."""
        return (observations.float() - self.centre) / self.radius

    def unscaled(self, states: Tensor) -> Tensor:
        """Return states (..., d) as the environment tells them."""
        return states * self.radius + self.centre

    def play(self, act: Act, seeds: Sequence[int], frames: bool = False) -> Episodes:
        """Play an episode for each seed, side by side: one call of the policy for all.

        Args:
            act: States (m, d) of the m episodes that are not over yet to actions (m,).
            seeds: Of each episode's beginning.
            frames: Whether to draw the first.

        Raises:
            LabError: If there are no seeds, or it cannot be drawn here.
        """
        if not seeds:
            raise LabError("there must be at least one episode")
        while len(self._worlds) < len(seeds):
            self._worlds.append(self.make())
        worlds = self._worlds[: len(seeds)]
        if frames:
            worlds = [self.make(render_mode="rgb_array"), *worlds[1:]]
        steps: list[list[tuple[Any, int, float]]] = [[] for _ in seeds]
        now = [w.reset(seed=int(s))[0] for w, s in zip(worlds, seeds, strict=True)]
        terminated, drawn = torch.zeros(len(seeds), dtype=torch.bool), []
        alive = list(range(len(seeds)))
        while alive:
            if frames and 0 in alive:
                drawn.append(picture(worlds[0]))
            chosen = act(self.scaled(torch.from_numpy(np.stack([now[i] for i in alive]))))
            for index, action in zip(list(alive), chosen.tolist(), strict=True):
                following, reward, ends, cut, _ = worlds[index].step(int(action))
                steps[index].append((now[index], int(action), float(reward)))
                now[index] = following
                if ends or cut:
                    terminated[index] = bool(ends)
                    alive.remove(index)
        if frames:
            worlds[0].close()
        return self.padded(steps, now, terminated, drawn)

    def padded(
        self,
        steps: list[list[tuple[Any, int, float]]],
        last: list[Any],
        terminated: Tensor,
        frames: list[Any],
    ) -> Episodes:
        """Return episodes of any lengths as tensors of one."""
        longest = max(map(len, steps))
        states = torch.zeros(len(steps), longest + 1, self.states)
        actions = torch.zeros(len(steps), longest, dtype=torch.long)
        rewards = torch.zeros(len(steps), longest)
        counted = torch.zeros(len(steps), longest, dtype=torch.bool)
        for row, episode in enumerate(steps):
            seen, chosen, earned = zip(*episode, strict=True)
            length = len(episode)
            states[row, : length + 1] = torch.from_numpy(np.stack([*seen, last[row]])).float()
            actions[row, :length] = torch.tensor(chosen)
            rewards[row, :length] = torch.tensor(earned)
            counted[row, :length] = True
        return Episodes(self.scaled(states), actions, rewards, counted, terminated, frames)


def picture(world: Any) -> Any:
    """Return what a world looks like, uint8 (H, W, 3).

    Raises:
        LabError: If the library that draws it is not installed.
    """
    try:
        return world.render()
    except Exception as error:  # gymnasium's DependencyNotInstalled, or a display's
        raise LabError(
            f"cannot draw {world.spec.id}: {error}; pip install 'gan-lab[rl]'"
        ) from error
