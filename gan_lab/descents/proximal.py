"""Several steps on one round."""

from gan_lab.contracts import Game, Player, Round, Turn
from gan_lab.descents.plain import Plain, opponent


class Proximal(Plain):
    """The generator takes several steps on each round that it played, the last of which counts.

    With :class:`gan_lab.terms.ProximalPolicy`, whose ratio is clipped, this is PPO: a round is
    dear, as it is played in an environment. The discriminator takes one.

    References:
        Proximal Policy Optimization Algorithms (Schulman et al. 2017), algorithm 1, arXiv
        1707.06347, with all of a round for a minibatch.

    Args:
        epochs: Steps on a round, positive; 1 is plain descent.

    Raises:
        ValueError: If ``epochs`` is not positive.
    """

    def __init__(self, epochs: int = 10) -> None:
        super().__init__()
        if epochs < 1:
            raise ValueError(f"epochs must be at least 1, got {epochs}")
        self.epochs = epochs

    def forward(self, game: Game, player: Player, round: Round) -> Turn:
        if player == "generator":
            with game.fixed(opponent(player)):
                for _ in range(self.epochs - 1):
                    loss, _ = game.objective(player, round)
                    game.minimise(player, loss, counted=False)
        return super().forward(game, player, round)
