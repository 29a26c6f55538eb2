"""What an expert did: states and actions."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.samples import Samples
from gan_lab.environments import Environment, expert
from gan_lab.errors import LabError
from gan_lab.media import Points

TEST = 10
"""Trajectories of the test split, where the expert is there to play them."""


class TrajectoriesDataModule(InMemoryDataModule):
    """Pairs of state and action out of an expert's episodes, each pair one vector (d + actions,).

    States are scaled as :class:`gan_lab.environments.Environment` does, actions one-hot; labels are
    the actions. Episodes are whole, or every n-th of their steps.

    A user's own are read of an .npz with ``observations`` (N, d), as the environment tells them,
    ``actions`` (N,), whole numbers, and ``ends`` (N,), whether an episode ends with each step; the
    first are trained on, and the test split has the rest, or all where none is left.

    Args:
        environment: That Gymnasium knows by this name.
        states: Numbers of a state; see :class:`Environment`.
        actions: How many there are.
        trajectories: To train on, positive.
        every: Steps of an episode for each that is kept, positive.
        path: Of an .npz; by default the expert that is written down plays.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a number is out of range.
        LabError: If there is no such environment or no expert of it.
    """

    medium_class: ClassVar[type[Medium]] = Points

    def __init__(
        self,
        environment: str = "Acrobot-v1",
        states: int = 6,
        actions: int = 3,
        trajectories: int = 10,
        every: int = 1,
        path: str | Path | None = None,
        **options: Any,
    ) -> None:
        options.pop("sample_shape", None)  # which follows
        super().__init__((states + actions,), **options)
        for name, value in (("trajectories", trajectories), ("every", every)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.environment, self.states, self.actions = environment, states, actions
        self.trajectories, self.every = trajectories, every
        self.path = None if path is None else Path(path).expanduser()
        self.expert_returns = torch.empty(0)

    def load(self, train: bool) -> Samples:
        """Return a split's pairs; of the training episodes it notes what they earned."""
        world = Environment(self.environment, self.states, self.actions)
        if self.path is not None:
            return self.read(world, self.path, train)
        first = 1_000_000 * (2 * self.seed + train)  # no policy begins as these do
        seeds = range(first, first + (self.trajectories if train else TEST))
        played = world.play(expert(world), seeds)
        if train:
            self.expert_returns = played.returns
        lengths = played.counted.sum(1).tolist()
        episodes = torch.split(played.pairs(self.actions), lengths)
        return self.samples(list(episodes))

    def samples(self, episodes: list[Tensor]) -> Samples:
        """Return every n-th pair of each episode."""
        pairs = torch.cat([episode[:: self.every] for episode in episodes])
        return Samples(pairs, pairs[:, self.states :].argmax(dim=1))

    def read(self, world: Environment, path: Path, train: bool) -> Samples:
        """Return a split of a user's trajectories.

        Raises:
            LabError: If the file holds none of this environment's, or too few.
        """
        observations, actions, ends = arrays(path)
        wanted = f"{path} must hold observations (N, {world.states}) and actions (N,)"
        if observations.ndim != 2 or observations.shape[1] != world.states:
            raise LabError(f"{wanted}, got observations {list(observations.shape)}")
        if actions.shape != observations.shape[:1] or ends.shape != actions.shape:
            raise LabError(
                f"{wanted}, and ends (N,) or none, got {list(actions.shape)} and {list(ends.shape)}"
            )
        if not len(actions) or not 0 <= actions.min() <= actions.max() < world.actions:
            raise LabError(
                f"{wanted}, whole numbers from 0 to {world.actions - 1}, got "
                f"{sorted(set(actions.tolist()))[:5]}"
            )
        if not np.isfinite(observations).all():
            raise LabError(f"{wanted}, all finite, and some are not")
        cuts = (ends.nonzero()[0] + 1).tolist()
        cuts += [] if cuts and cuts[-1] == len(ends) else [len(ends)]
        if len(cuts) < self.trajectories:
            raise LabError(
                f"{path} holds {len(cuts)} trajectories, got data.trajectories={self.trajectories}"
            )
        states = world.scaled(torch.from_numpy(observations))
        chosen = torch.nn.functional.one_hot(torch.from_numpy(actions), world.actions).float()
        pairs = torch.cat([states, chosen], dim=1)
        starts = [0, *cuts[:-1]]
        episodes = [pairs[a:b] for a, b in zip(starts, cuts, strict=True)]
        mine, rest = episodes[: self.trajectories], episodes[self.trajectories :]
        return self.samples(mine if train else rest or episodes)


def arrays(path: Path) -> tuple[Any, Any, Any]:
    """Return observations, actions and ends of an .npz.

    Raises:
        LabError: If it is none, or lacks one of the first two.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except Exception as error:  # whatever numpy makes of any bytes
        raise LabError(f"{path} cannot be read as an .npz of trajectories: {error}") from error
    missing = [name for name in ("observations", "actions") if name not in found]
    if missing:
        raise LabError(f"{path} lacks {missing[0]}; it holds {', '.join(found) or 'nothing'}")
    actions = found["actions"]
    if not np.issubdtype(actions.dtype, np.integer):
        raise LabError(f"the actions in {path} must be whole numbers, got {actions.dtype}")
    ends = found.get("ends", np.zeros(len(actions), bool))
    return found["observations"].astype(np.float64), actions.astype(np.int64), ends.astype(bool)
