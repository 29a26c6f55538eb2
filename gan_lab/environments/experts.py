"""Policies that are written down, for environments whose physics they know."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_lab.environments.base import Act, Environment
from gan_lab.errors import LabError

Rule = Callable[[Tensor], Tensor]
"""From observations (m, d), as the environment tells them, to actions (m,)."""


def mountain_car(observations: Tensor) -> Tensor:
    r"""Push right while the speed lies between two curves of the position, else left.

    The curves are those of a rule that is published with textbooks of reinforcement learning; it
    swings up once where that is enough.
    """
    x, speed = observations.double().unbind(1)
    lower = torch.minimum(-0.09 * (x + 0.25) ** 2 + 0.03, 0.3 * (x + 0.9) ** 4 - 0.008)
    upper = -0.07 * (x + 0.38) ** 2 + 0.07
    return torch.where((lower < speed) & (speed < upper), 2, 0)


def cart_pole(observations: Tensor) -> Tensor:
    """Push the way that the pole leans and turns, and a little after the cart."""
    weights = torch.tensor([0.1, 0.3, 3.0, 1.0])
    return (observations.float() @ weights > 0).long()


ACROBOT = [
    [0.9, 3.27, 0.72, 3.82, 7.93, -15.02, 0.71],
    [-6.66, 1.21, -5.31, 1.34, 1.8, -3.63, -9.73],
    [-0.03, -2.99, 1.55, -2.89, -3.92, 5.67, 0.6],
]
"""Of each action, weights of the six scaled numbers of a state and of one.

Found by the cross-entropy method, ``python -m benchmarks.imitation --search``.
"""


def acrobot(observations: Tensor) -> Tensor:
    """Take the action of the largest linear score."""
    scale = torch.tensor([1.0, 1.0, 1.0, 1.0, 4 * torch.pi, 9 * torch.pi])
    states = torch.cat([observations.float() / scale, torch.ones(len(observations), 1)], dim=1)
    return (states @ torch.tensor(ACROBOT).T).argmax(dim=1)


EXPERTS: dict[str, Rule] = {
    "Acrobot-v1": acrobot,
    "CartPole-v1": cart_pole,
    "MountainCar-v0": mountain_car,
}
"""By the environment's name."""


def expert(environment: Environment) -> Act:
    """Return the expert of an environment, which sees its states scaled.

    Raises:
        LabError: If none is written down.
    """
    if environment.name not in EXPERTS:
        raise LabError(
            f"no expert of {environment.name} is written down, of {', '.join(EXPERTS)} one is; "
            "give its trajectories by data.path=FILE.npz"
        )
    rule = EXPERTS[environment.name]
    return lambda states: rule(environment.unscaled(states))
