"""Eigenvalues of the Dirac-GAN at its equilibrium, and paths around it."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from gan_lab.theory.dirac import DiracGame, Point, Steps, variables

OFFSET = 1e-6
"""Distance from the equilibrium at which the Jacobian is taken, on both sides."""


def jacobian(game: DiracGame, point: Point) -> np.ndarray:
    """Return the derivative of the game's field at a point, shape (2, 2), by autograd."""
    theta, psi = variables(point)
    return derivative(game.field(theta, psi, differentiable=True), theta, psi)


def derivative(outputs: Sequence[Tensor] | Tensor, theta: Tensor, psi: Tensor) -> np.ndarray:
    """Return the derivatives of two scalars by two others, shape (2, 2)."""
    rows = []
    for output in outputs:
        if not output.requires_grad:
            rows.append([0.0, 0.0])
            continue
        parts = torch.autograd.grad(output, [theta, psi], retain_graph=True, materialize_grads=True)
        rows.append([float(part) for part in parts])
    return np.array(rows)


def eigenvalues(game: DiracGame) -> np.ndarray | None:
    """Return the Jacobian's eigenvalues at the equilibrium, or None where the field jumps.

    Autograd is asked beside the equilibrium and not on it, where the norm in a
    gradient penalty has no derivative.
    """
    ahead, behind = (OFFSET, OFFSET), (-OFFSET, -OFFSET)
    slope = (jacobian(game, ahead) + jacobian(game, behind)) / 2
    jump = game.velocity(ahead) - game.velocity(behind) - 2 * OFFSET * slope.sum(axis=1)
    if np.abs(jump).max() > 1e-4:
        return None
    return ordered(np.linalg.eigvals(slope))


def map_eigenvalues(game: DiracGame, steps: Steps) -> np.ndarray:
    """Return the eigenvalues of one round of updates at the equilibrium.

    The map acts on both places and on what the descent remembers, and is
    differentiated by central differences: its steps are those of a real run.
    """
    game.begin((0.0, 0.0))
    memory = list(game.descent.buffers())

    def moved(state: np.ndarray) -> np.ndarray:
        game.stand((float(state[0]), float(state[1])))
        for buffer, value in zip(memory, state[2:], strict=True):
            buffer.fill_(value)
        game.round(steps)
        return np.array([*game.point, *(float(buffer) for buffer in memory)])

    offsets = OFFSET * np.eye(2 + len(memory))
    columns = [(moved(offset) - moved(-offset)) / (2 * OFFSET) for offset in offsets]
    return ordered(np.linalg.eigvals(np.stack(columns, axis=1)))


def ordered(values: np.ndarray) -> np.ndarray:
    """Return eigenvalues with the largest real part, then the largest imaginary part, first."""
    rounded = np.round(values.astype(complex), 7)
    return values.astype(complex)[np.lexsort((-rounded.imag, -rounded.real))]


def trajectory(game: DiracGame, start: Point, rounds: int, steps: Steps) -> np.ndarray:
    """Return the points after each round of updates, shape (rounds + 1, 2)."""
    game.begin(start)
    path = [start]
    for _ in range(rounds):
        game.round(steps)
        path.append(game.point)
        if not max(map(abs, path[-1])) < 1e3:
            break  # gone for good
    return np.array(path)


def flow(game: DiracGame, start: Point, duration: float) -> np.ndarray:
    """Return the continuous-time path at 41 equally spaced times, shape (41, 2)."""
    solution = solve_ivp(
        lambda _, point: game.velocity((point[0], point[1])),
        (0.0, duration),
        start,
        t_eval=np.linspace(0, duration, 41),
        rtol=1e-5,
        atol=1e-7,
    )
    return np.asarray(solution.y.T)
