"""One gradient step, the other player held fixed."""

import torch
from torch import Tensor

from gan_lab.contracts import PLAYERS, Descent, Game, Player, Round, Turn


class Plain(Descent):
    r"""Descend the player's own objective.

    .. math:: \omega_p \leftarrow \omega_p - h\,\nabla_{\omega_p} L_p(\omega)

    References:
        Generative Adversarial Nets (Goodfellow et al. 2014), algorithm 1, arXiv 1406.2661.
    """

    def forward(self, game: Game, player: Player, round: Round) -> Turn:
        with game.fixed(opponent(player)):
            loss, turn = game.objective(player, round)
        game.minimise(player, loss)
        return turn

    def gradients(
        self, game: Game, player: Player, round: Round, differentiable: bool = False
    ) -> tuple[list[Tensor], Turn]:
        loss, turn = game.objective(player, round)
        return gradient(game, player, loss, differentiable), turn


def gradient(game: Game, player: Player, loss: Tensor, differentiable: bool) -> list[Tensor]:
    """Return a loss's gradient in what a player moves; zeros where it does not depend on it."""
    parameters = game.parameters_of(player)
    # Autocast would halve the precision of second derivatives.
    with torch.autocast(loss.device.type, enabled=False):
        return list(
            torch.autograd.grad(
                loss, parameters, create_graph=differentiable, materialize_grads=True
            )
        )


def opponent(player: Player) -> Player:
    """Return the other player.

    >>> opponent("generator")
    'discriminator'
    """
    return PLAYERS[1 - PLAYERS.index(player)]
