"""What a discriminator's features, seen from within, are to agree in."""

from torch import Tensor

from gan_lab.contracts import Term, Turn
from gan_lab.errors import LabError


class FeatureMatching(Term):
    r"""Generated samples shall have the mean features of real ones.

    .. math:: \frac1F \|E_p[f(x)] - E_q[f(x)]\|_2^2

    References:
        Improved Techniques for Training GANs (Salimans et al. 2016), section 3.1, arXiv 1606.03498,
        and the authors' code, openai/improved-gan, train_mnist_feature_matching.py, which takes
        the mean over features.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        head: The head that holds features (N, ...).
    """

    players = ("generator",)
    needs_real = True

    def __init__(self, weight: float = 1.0, every: int = 1, head: str = "features") -> None:
        super().__init__(weight, every)
        self.head = head
        self.needs_heads = (head,)

    def forward(self, turn: Turn) -> Tensor:
        real, fake = (v.heads[self.head].float().mean(dim=0) for v in (turn.real, turn.fake))
        return (real - fake).square().mean()


class LearnedSimilarity(Term):
    r"""A sample and what was drawn again from its code shall have the same features.

    .. math:: \tfrac12 E[\|f(x) - f(\hat x)\|_2^2]

    That is the negative log-likelihood of a Gaussian of deviation 1, up to a constant.

    References:
        Autoencoding beyond pixels using a learned similarity metric (Larsen et al. 2016), equations
        7 and 8, arXiv 1512.09300.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        made: Key of what was drawn again, in what else the round made.
        head: The head that holds features (N, ...).
    """

    players = ("generator",)
    needs_real = True

    def __init__(
        self, weight: float = 1.0, every: int = 1, made: str = "again", head: str = "features"
    ) -> None:
        super().__init__(weight, every)
        self.made, self.head = made, head
        self.needs_heads = (head,)

    def forward(self, turn: Turn) -> Tensor:
        if self.made not in turn.round.made:
            raise LabError(f"this round made no {self.made}, whose features are to be compared")
        again = turn.discriminator({**turn.round.real, "x": turn.round.made[self.made]})
        distance = turn.real.heads[self.head].detach().float() - again.heads[self.head].float()
        likelihood: Tensor = distance.flatten(1).square().sum(dim=1).mean() / 2
        return likelihood


class GaussianPrior(Term):
    r"""Codes drawn from Gaussians shall follow N(0, I).

    .. math:: E[KL(N(\mu, \sigma^2) \| N(0, I))]
        = \tfrac12 E\Bigl[\sum_i \mu_i^2 + \sigma_i^2 - 1 - \log \sigma_i^2\Bigr]

    References:
        Auto-Encoding Variational Bayes (Kingma and Welling 2014), appendix B, arXiv 1312.6114.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        mean: Key of the means (N, d) in what else the round made.
        log_variance: Key of the logarithms of the variances.
    """

    players = ("generator",)

    def __init__(
        self,
        weight: float = 1.0,
        every: int = 1,
        mean: str = "mean",
        log_variance: str = "log_variance",
    ) -> None:
        super().__init__(weight, every)
        self.mean, self.log_variance = mean, log_variance

    def forward(self, turn: Turn) -> Tensor:
        made = turn.round.made
        if self.mean not in made or self.log_variance not in made:
            raise LabError("this round drew no codes from Gaussians, whose moments could be judged")
        mean, log_variance = made[self.mean].float(), made[self.log_variance].float()
        parts = mean.square() + log_variance.exp() - 1 - log_variance
        return parts.sum(dim=1).mean() / 2


class SelfReconstruction(Term):
    r"""The discriminator draws real samples again from its own features.

    .. math:: E_p[|x - \hat x|], \qquad \text{mean over values}

    References:
        Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis (Liu
        et al. 2021), equation 4, arXiv 2101.04775; the authors compare images by LPIPS.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        head: The head that holds what was drawn again.
    """

    players = ("discriminator",)

    def __init__(self, weight: float = 1.0, every: int = 1, head: str = "reconstruction") -> None:
        super().__init__(weight, every)
        self.head = head
        self.needs_heads = (head,)

    def forward(self, turn: Turn) -> Tensor:
        return (turn.real.heads[self.head].float() - turn.round.real["x"]).abs().mean()
