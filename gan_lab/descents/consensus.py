"""Consensus optimization."""

import torch
from torch import Tensor

from gan_lab.contracts import Descent, Game, Player, Round, Turn
from gan_lab.descents.plain import gradient, opponent


class Consensus(Descent):
    r"""Descend the own objective, and half the squared length of both players' gradients.

    .. math:: L_p + \frac{c}{2} \|v\|^2, \qquad
        v = (\nabla_{\omega_G} L_G, \nabla_{\omega_D} L_D)

    An undamped rotation of frequency f becomes one that is damped by :math:`c f^2`.

    References:
        The Numerics of GANs (Mescheder et al. 2017), algorithm 2, arXiv 1705.10461.

    Args:
        weight: c, positive; 10 in the paper's experiments.

    Raises:
        ValueError: If ``weight`` is not positive.
    """

    replays = True

    def __init__(self, weight: float = 10.0) -> None:
        super().__init__()
        if not weight > 0:
            raise ValueError(f"weight must be positive, got {weight}")
        self.weight = weight

    def gradients(
        self, game: Game, player: Player, round: Round, differentiable: bool = False
    ) -> tuple[list[Tensor], Turn]:
        # The discriminator's round has no graph to the generator; the energy needs one.
        played = game.replay()
        other = opponent(player)
        loss, turn = game.objective(player, played)
        own = gradient(game, player, loss, True)
        theirs = gradient(game, other, game.objective(other, played)[0], True)
        energy = torch.stack([part.square().sum() for part in [*own, *theirs]]).sum() / 2
        pull = gradient(game, player, energy, differentiable)
        total = [down + self.weight * back for down, back in zip(own, pull, strict=True)]
        return (total if differentiable else [part.detach() for part in total]), turn
