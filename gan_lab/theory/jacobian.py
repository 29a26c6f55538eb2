"""The Jacobian of a game's gradient field, by Hessian-vector products."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigs
from torch import Tensor

Losses = Callable[[], Sequence[Tensor]]
"""Each player's loss at the present parameters, computed anew; the same every time."""


class GameField:
    r"""The field :math:`v = (\nabla_\theta L_G, \nabla_\psi L_D)` that both players descend.

    Attributes:
        size: Number of parameters of all players.

    Args:
        losses: Computes each player's loss, deterministically.
        players: Each player's parameters, in the order of the losses.
    """

    def __init__(self, losses: Losses, players: Sequence[Sequence[Tensor]]) -> None:
        self.losses = losses
        self.players = [list(parameters) for parameters in players]
        self.parameters = [tensor for player in self.players for tensor in player]
        self.size = sum(tensor.numel() for tensor in self.parameters)

    def value(self, differentiable: bool = False) -> Tensor:
        """Return v at the present parameters, shape (size,)."""
        parts: list[Tensor] = []
        for loss, parameters in zip(self.losses(), self.players, strict=True):
            parts += torch.autograd.grad(
                loss,
                parameters,
                create_graph=differentiable,
                retain_graph=True,
                materialize_grads=True,
            )
        return torch.cat([part.flatten() for part in parts])

    def linear_map(self) -> Callable[[Tensor], Tensor]:
        """Return the product of v's Jacobian, here, with any vector of shape (size,).

        Two vector-Jacobian products make one Jacobian-vector product: the first
        is linear in its vector, and the second differentiates it by that vector.
        """
        field = self.value(differentiable=True)
        dummy = torch.zeros_like(field, requires_grad=True)
        pulled = torch.autograd.grad(
            field, self.parameters, dummy, create_graph=True, materialize_grads=True
        )
        flat = torch.cat([part.flatten() for part in pulled])

        def product(vector: Tensor) -> Tensor:
            (result,) = torch.autograd.grad(
                flat, dummy, vector, retain_graph=True, materialize_grads=True
            )
            return result.detach()

        return product

    def jacobian(self) -> np.ndarray:
        """Return the whole Jacobian, shape (size, size); for few parameters."""
        product = self.linear_map()
        identity = torch.eye(self.size, dtype=self.parameters[0].dtype)
        return np.stack([product(column).double().numpy() for column in identity], axis=1)

    def leading_eigenvalues(self, count: int) -> np.ndarray:
        """Return the ``count`` eigenvalues of largest size, by Arnoldi's method."""
        product, dtype = self.linear_map(), self.parameters[0].dtype
        operator = LinearOperator(
            (self.size, self.size),
            matvec=lambda x: product(torch.as_tensor(x.ravel(), dtype=dtype)).double().numpy(),
            dtype=np.float64,
        )
        start = np.random.default_rng(0).standard_normal(self.size)
        values = eigs(operator, k=count, which="LM", v0=start, return_eigenvectors=False)
        return np.asarray(values[np.argsort(-np.abs(values))])


def path_angle(
    field: GameField, start: Tensor, end: Tensor, positions: Sequence[float]
) -> tuple[list[float], list[float]]:
    r"""Return the cosine of v with the path's direction, and v's length, along a line.

    The line is :math:`\alpha\,\text{end} + (1 - \alpha)\,\text{start}`. Near
    :math:`\alpha = 1` a sign that switches means attraction; a bump, rotation.

    References:
        A Closer Look at the Optimization Landscapes of Generative Adversarial
        Networks (Berard et al. 2019), section 4.1, arXiv 1906.04848.
    """
    direction = (end - start) / torch.linalg.vector_norm(end - start)
    cosines, lengths = [], []
    for position in positions:
        write(field.parameters, torch.lerp(start, end, position))
        value = field.value()
        length = float(torch.linalg.vector_norm(value))
        cosines.append(float(value @ direction) / max(length, 1e-30))
        lengths.append(length)
    write(field.parameters, end)
    return cosines, lengths


def read(parameters: Sequence[Tensor]) -> Tensor:
    """Return all parameters as one vector."""
    return torch.cat([tensor.detach().flatten() for tensor in parameters])


def write(parameters: Sequence[Tensor], vector: Tensor) -> None:
    """Put a vector back into the parameters."""
    parts = torch.split(vector, [tensor.numel() for tensor in parameters])
    with torch.no_grad():
        for tensor, part in zip(parameters, parts, strict=True):
            tensor.copy_(part.view_as(tensor))
