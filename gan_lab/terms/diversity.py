"""What keeps generated samples apart from each other."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from gan_lab.contracts import Term, Turn
from gan_lab.errors import LabError


class PullAway(Term):
    r"""Make the codes of generated samples orthogonal to each other.

    .. math::
        \frac{1}{N (N - 1)} \sum_i \sum_{j \ne i}
        \left( \frac{s_i^\top s_j}{\|s_i\| \|s_j\|} \right)^2

    over pairs of samples, with s the code that an autoencoding discriminator has for each.

    References:
        Energy-based Generative Adversarial Network (Zhao et al. 2017), equation 4, arXiv
        1609.03126.

    Args:
        weight: Multiplies the formula, positive; 0.1 in the paper.
        every: See :class:`Term`.
        head: The second head that holds codes (N, ...), a vector a sample.
    """

    players = ("generator",)

    def __init__(self, weight: float = 0.1, every: int = 1, head: str = "code") -> None:
        super().__init__(weight, every)
        self.head = head
        self.needs_heads = (head,)

    def forward(self, turn: Turn) -> Tensor:
        return mean_squared_cosine(turn.fake.heads[self.head].flatten(1))


def mean_squared_cosine(codes: Tensor) -> Tensor:
    """Return the mean over pairs of different rows (N, d) of their squared cosine, a scalar."""
    count = len(codes)
    if count < 2:
        raise LabError("the pull-away term compares pairs, and the batch has one sample only")
    directions = normalize(codes.float() if codes.dtype != torch.float64 else codes, dim=1)
    squares = (directions @ directions.T).square()
    return (squares.sum() - squares.diagonal().sum()) / (count * (count - 1))


class ModeSeeking(Term):
    r"""Let samples of different latents differ by as much as the latents do.

    .. math::
        \frac{1}{r + \epsilon}, \qquad
        r = \frac{\operatorname{mean} |G(z_1) - G(z_2)|}{\operatorname{mean} |z_1 - z_2|}

    The second samples are drawn anew for what the first were made from: labels and sources.

    References:
        Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis (Mao et al. 2019),
        equation 2, arXiv 1903.05628, and the authors' code, HelenMao/MSGAN, DCGAN-Mode-Seeking,
        which minimises the reciprocal, of means over the batch.

    Args:
        weight: Multiplies the formula, positive; 1 in the paper.
        epsilon: Keeps it finite, positive; 1e-5 in the authors' code.
        every: See :class:`Term`.

    Raises:
        ValueError: If a number is out of range.
    """

    players = ("generator",)

    def __init__(self, weight: float = 1.0, epsilon: float = 1e-5, every: int = 1) -> None:
        super().__init__(weight, every)
        if not epsilon > 0:
            raise ValueError(f"epsilon must be positive, got {epsilon}")
        self.epsilon = epsilon

    def forward(self, turn: Turn) -> Tensor:
        first = turn.round.fake
        if "z" not in first:
            raise LabError("mode seeking compares samples of different latents, and there are none")
        kept = {name: first[name] for name in ("label", *turn.task.needs) if name in first}
        second = turn.task.sample(len(first["x"]), kept)
        apart = (first["x"] - second["x"]).float().abs().mean()
        ratio = apart / (first["z"] - second["z"]).float().abs().mean()
        return 1 / (ratio + self.epsilon)
