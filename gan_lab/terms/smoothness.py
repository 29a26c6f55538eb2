"""What keeps images smooth."""

from torch import Tensor

from gan_lab.contracts import Term, Turn
from gan_lab.terms.reconstruction import found


class TotalVariation(Term):
    r"""The mean absolute difference of neighbouring values, along rows and along columns.

    .. math:: E[|\hat x_{h+1, w} - \hat x_{h, w}|] + E[|\hat x_{h, w+1} - \hat x_{h, w}|]

    References:
        Nonlinear total variation based noise removal algorithms (Rudin et al. 1992), Physica D 60,
        in its anisotropic form. Johnson et al. 2016, section 3.2, arXiv 1603.08155.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        made: Key of the images, among the round's generated samples or what else it made.
    """

    players = ("generator",)

    def __init__(self, weight: float = 1e-4, every: int = 1, made: str = "x") -> None:
        super().__init__(weight, every)
        self.made = made

    def forward(self, turn: Turn) -> Tensor:
        images = found(self.made, turn.round.made, turn.round.fake).float()
        return images.diff(dim=2).abs().mean() + images.diff(dim=3).abs().mean()
