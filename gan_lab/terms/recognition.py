r"""What second heads are to recognise: classes and codes."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from gan_lab.contracts import Sample, Term, Turn
from gan_lab.errors import LabError


class Recognition(Term):
    """What asks a second head for something that both players want it to tell.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        head: The second head that is asked.
    """

    players = ("discriminator", "generator")

    def __init__(self, weight: float, every: int, head: str) -> None:
        super().__init__(weight, every)
        self.head = head
        self.needs_heads = (head,)


class Classification(Recognition):
    r"""Recognise the class of real and of generated samples.

    .. math::
        L_C = -(E_p[\log P(y \mid x)] + E_q[\log P(y \mid x)])

    The generator's term is the second.

    References:
        Conditional Image Synthesis with Auxiliary Classifier GANs (Odena et al.
        2017), equation 3, arXiv 1610.09585.

    Args:
        weight: Multiplies the formula, positive; 1 in the paper.
        every: See :class:`Term`.
        head: The second head that holds class logits.
    """

    def __init__(self, weight: float = 1.0, every: int = 1, head: str = "label") -> None:
        super().__init__(weight, every, head)

    def forward(self, turn: Turn) -> Tensor:
        on_fake = cross_entropy(turn.fake.heads[self.head], required(turn.round.fake, "label"))
        if turn.player == "generator":
            return on_fake
        label = required(turn.round.real, "label")
        return cross_entropy(turn.real.heads[self.head], label) + on_fake


class Information(Recognition):
    r"""Recover the categorical code that a sample was generated from.

    .. math:: -E_q[\log Q(c \mid x)]

    Up to a constant this bounds from above the negative mutual information of
    code and samples.

    References:
        InfoGAN: Interpretable Representation Learning by Information Maximizing
        Generative Adversarial Nets (Chen et al. 2016), equations 5 and 6, arXiv
        1606.03657.

    Args:
        weight: Multiplies the formula, positive; 1 in the paper.
        every: See :class:`Term`.
        head: The second head that holds logits of the code's values.
    """

    def __init__(self, weight: float = 1.0, every: int = 1, head: str = "label") -> None:
        super().__init__(weight, every, head)

    def forward(self, turn: Turn) -> Tensor:
        return cross_entropy(turn.fake.heads[self.head], required(turn.round.fake, "label"))


class CodeRecovery(Recognition):
    r"""Recover the continuous codes that a sample was generated from.

    .. math:: \tfrac12 E_q[\|c - \hat c(x)\|^2],

    the negative log-likelihood of a Gaussian of fixed deviation 1.

    References:
        InfoGAN (Chen et al. 2016), section 6, arXiv 1606.03657, and the authors' code,
        openai/InfoGAN, launchers/run_mnist_exp.py: ``info_reg_coeff=1.0`` for all codes and
        ``fix_std=True``.

    Args:
        weight: Multiplies the formula, positive; 1 in the authors' code.
        every: See :class:`Term`.
        head: The second head that holds the recovered codes.
    """

    def __init__(self, weight: float = 1.0, every: int = 1, head: str = "code") -> None:
        super().__init__(weight, every, head)

    def forward(self, turn: Turn) -> Tensor:
        recovered, code = turn.fake.heads[self.head], required(turn.round.fake, "code")
        return (recovered - code).square().sum(dim=1).mean() / 2


def required(sample: Sample, name: str) -> Tensor:
    """Return a tensor of a sample, or raise LabError where there is nothing to recognise."""
    if name not in sample:
        raise LabError(f"these samples were made from no {name} to recognise")
    return sample[name]
