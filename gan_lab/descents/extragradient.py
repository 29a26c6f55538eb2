"""The extragradient method."""

from torch import Tensor

from gan_lab.contracts import Descent, Game, Player, Round, Turn
from gan_lab.descents.plain import gradient


class Extragradient(Descent):
    r"""Step along the gradient that is met one plain step of both players ahead.

    .. math:: \omega' = \omega - h\,v(\omega), \qquad
        \omega_p \leftarrow \omega_p - h\,v_p(\omega')

    The steps are those of the players' optimizers, so with Adam it is ExtraAdam whose moments
    are those of the steps that are kept. A minibatch is played anew, with the same noise, where
    the players stand one step ahead.

    References:
        A Variational Inequality Perspective on Generative Adversarial Networks (Gidel et al.
        2019), section 3.2 and algorithm 4, arXiv 1802.10551.
    """

    replays = True

    def gradients(
        self, game: Game, player: Player, round: Round, differentiable: bool = False
    ) -> tuple[list[Tensor], Turn]:
        with game.one_step_ahead():
            loss, turn = game.objective(player, game.replay())
            return gradient(game, player, loss, differentiable), turn
