"""Orthogonal regularisation of weights."""

import torch
from torch import Tensor, nn

from gan_lab.contracts import Discriminator, Task
from gan_lab.terms.base import Player, WeightPenalty

TRANSPOSED = nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
LINEAR = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d


class OrthogonalRegularization(WeightPenalty):
    r"""Penalise rows of a weight matrix that are not orthogonal to each other.

    .. math:: \beta \sum_W \|W W^\top \odot (\mathbf 1 - I)\|_F^2

    Rows are the output channels; their lengths are free. With ``unit_length``
    the identity is the target instead,
    :math:`\beta \sum_W \|W W^\top - I\|_F^2`.

    References:
        Large Scale GAN Training for High Fidelity Natural Image Synthesis
        (Brock et al. 2019), section 3.1, arXiv 1809.11096. Neural Photo Editing
        with Introspective Adversarial Networks (Brock et al. 2017), section
        3.4, arXiv 1609.07093, for ``unit_length``.

    Args:
        weight: :math:`\beta`, positive; 1e-4 in BigGAN.
        player: Whose weights; the generator's in BigGAN.
        unit_length: Whether rows are to have length 1 too.

    Raises:
        ValueError: If ``weight`` is not positive, there is no such player, or it has no such layer.
    """

    def __init__(
        self, weight: float = 1e-4, player: Player = "generator", unit_length: bool = False
    ) -> None:
        super().__init__(weight, player)
        self.unit_length = unit_length

    def check(self, task: Task, discriminator: Discriminator) -> None:
        if not matrices(task if self.player == "generator" else discriminator):
            raise ValueError(
                f"the {self.player} has no layer of torch's whose weights could be made "
                "orthogonal; leave OrthogonalRegularization out"
            )

    def penalty(self, network: nn.Module) -> Tensor:
        return torch.stack([self.distance(w.flatten(1)) for w in matrices(network)]).sum()

    def distance(self, matrix: Tensor) -> Tensor:
        """Return the squared distance of a matrix (rows, columns) to orthogonal rows."""
        gram = matrix @ matrix.T
        if self.unit_length:
            return (gram - torch.eye(len(gram), device=gram.device)).square().sum()
        return (gram - gram.diagonal().diag()).square().sum()


def matrices(network: nn.Module) -> list[Tensor]:
    """Return the weights of linear and convolutional layers, output channels first."""
    return [
        layer.weight.transpose(0, 1) if isinstance(layer, TRANSPOSED) else layer.weight
        for layer in network.modules()
        if isinstance(layer, LINEAR | TRANSPOSED)
    ]
