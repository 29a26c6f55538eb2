"""What keeps codes small."""

from torch import Tensor

from gan_lab.contracts import Term, Turn
from gan_lab.terms.reconstruction import found


class MeanSquare(Term):
    r"""The mean square of what was made: of a code's means, its divergence from N(0, I).

    .. math:: E[\mu^2] = \tfrac2d KL(N(\mu, I) \| N(0, I)) \quad\text{for } d \text{ numbers}

    References:
        Unsupervised Image-to-Image Translation Networks (Liu et al. 2017), equation 3, arXiv
        1703.00848, and the authors' code, mingyuliutw/UNIT, trainer.py, which takes the mean.

    Args:
        weight: Multiplies the formula, positive; 0.01 in the authors' code.
        every: See :class:`Term`.
        made: Key, among what else the round made or its generated samples.
    """

    players = ("generator",)

    def __init__(self, weight: float = 0.01, every: int = 1, made: str = "code") -> None:
        super().__init__(weight, every)
        self.made = made

    def forward(self, turn: Turn) -> Tensor:
        return found(self.made, turn.round.made, turn.round.fake).float().square().mean()
