"""A discriminator that rests while it is far ahead."""

import torch
from torch import Tensor, distributed

from gan_lab.contracts import Game, Player, Round, Turn
from gan_lab.descents.plain import Plain, opponent


class Gated(Plain):
    r"""Move the discriminator only where it is right about few enough of the minibatch.

    .. math:: \omega_D \leftarrow \omega_D - h\,\nabla L_D \quad\text{if}\quad
        \tfrac12 P[D(x) \text{ says real}] + \tfrac12 P[D(\tilde x) \text{ says generated}] \le a

    The generator moves as ever. The share is of the very minibatch that the step would be taken on,
    over all kinds of logits; ``discriminator_moves`` in the curves says how often it was. As what
    follows depends on that number, a GPU is waited for in each step.

    References:
        Learning a Probabilistic Latent Space of Object Shapes via 3D Generative-Adversarial
        Modeling (Wu et al. 2016), section 3.1, arXiv 1610.07584, where the bound is 80 %.

    Args:
        accuracy: a, the largest share at which it still moves, above 0.5 and at most 1.

    Raises:
        ValueError: If it is out of range.
    """

    needs_margin = True

    def __init__(self, accuracy: float = 0.8) -> None:
        super().__init__()
        if not 0.5 < accuracy <= 1:
            raise ValueError(f"accuracy must be above 0.5 and at most 1, got {accuracy}")
        self.accuracy = accuracy

    def forward(self, game: Game, player: Player, round: Round) -> Turn:
        with game.fixed(opponent(player)):
            loss, turn = game.objective(player, round)
        if player == "discriminator":
            moves = share_right(turn) <= self.accuracy
            turn.report["discriminator_moves"] = moves.float()
            if not moves:
                return turn
        game.minimise(player, loss)
        return turn


def share_right(turn: Turn) -> Tensor:
    """Return the share of real and generated samples, each half, that the verdicts are right about.

    A loss whose logits say neither was refused when the game was put together.
    """
    shares = []
    for verdict, real in ((turn.real, True), (turn.fake, False)):
        for logits in verdict.logits.values():
            assert turn.loss is not None
            margin = turn.loss.margin(logits.detach())
            assert margin is not None
            shares.append(((margin > 0) == real).float().mean())
    share = torch.stack(shares).mean()
    if distributed.is_available() and distributed.is_initialized():  # all move, or none
        distributed.all_reduce(share)
        share = share / distributed.get_world_size()
    return share
