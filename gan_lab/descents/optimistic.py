"""Optimistic descent."""

import torch

from gan_lab.contracts import PLAYERS, Game, Player, Round, Turn
from gan_lab.descents.plain import Plain


class Optimistic(Plain):
    r"""Take each step twice and the one before back.

    .. math:: \omega_t = \omega_{t-1} + 2 \delta_t - \delta_{t-1}

    where :math:`\delta_t` is what the player's optimizer would do: with plain gradients optimistic
    mirror descent, with Adam optimistic Adam. The steps before are remembered in checkpoints.

    References:
        Training GANs with Optimism (Daskalakis et al. 2018), equation 6 and algorithm 1,
        arXiv 1711.00141.
    """

    def prepare(self, game: Game) -> None:
        for player in PLAYERS:
            for index, parameter in enumerate(game.parameters_of(player)):
                zeros = torch.zeros_like(parameter, requires_grad=False)
                self.register_buffer(f"{player}_{index}", zeros)

    def forward(self, game: Game, player: Player, round: Round) -> Turn:
        parameters = game.parameters_of(player)
        before = [parameter.detach().clone() for parameter in parameters]
        turn = super().forward(game, player, round)
        with torch.no_grad():
            for index, (start, parameter) in enumerate(zip(before, parameters, strict=True)):
                last = self.get_buffer(f"{player}_{index}")
                step = parameter - start
                parameter.add_(step - last)
                last.copy_(step)
        return turn
