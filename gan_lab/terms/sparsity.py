"""What keeps a foreground small."""

from torch import Tensor

from gan_lab.contracts import Term, Turn
from gan_lab.terms.reconstruction import found


class MaskSparsity(Term):
    r"""The mean of the mask that lays the foreground over the background.

    .. math:: E[|m(z)|]

    so that the background is made use of. It is a mean over pixels too, where the paper's norm is a
    sum, of which its weight says nothing for other sizes.

    References:
        Generating Videos with Scene Dynamics (Vondrick et al. 2016), section 2.1, arXiv 1609.02612,
        and the authors' code, cvondrick/videogan, main.lua, which averages: weight 0.1.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
    """

    players = ("generator",)

    def __init__(self, weight: float = 0.1, every: int = 1) -> None:
        super().__init__(weight, every)

    def forward(self, turn: Turn) -> Tensor:
        return found("mask", turn.round.made).float().abs().mean()
