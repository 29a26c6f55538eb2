r"""What second heads are to recognise: classes and codes."""

from collections.abc import Sequence

import torch
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


class DomainClassification(Classification):
    r"""Let the discriminator learn the domains of real samples, and the generator reach its target.

    .. math::
        L_D = -E_p[\log P(c \mid x)], \qquad L_G = -E_q[\log P(c' \mid \tilde x)]

    References:
        StarGAN (Choi et al. 2018), equations 2 and 3, arXiv 1711.09020.

    Args:
        weight: Multiplies the formula, positive; 1 in the paper.
        every: See :class:`Term`.
        head: The second head that holds class logits.
    """

    def forward(self, turn: Turn) -> Tensor:
        verdict, sample = (
            (turn.fake, turn.round.fake)
            if turn.player == "generator"
            else (turn.real, turn.round.real)
        )
        return cross_entropy(verdict.heads[self.head], required(sample, "label"))


class TaskLoss(Term):
    r"""A task network of the generating side is to recognise the class of all that it was shown.

    .. math:: -\sum_k E[\log P_T(y \mid x_k)]

    References:
        Unsupervised Pixel-Level Domain Adaptation with Generative Adversarial Networks (Bousmalis
        et al. 2017), equation 3, arXiv 1612.05424.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        made: Keys of logits (N, classes), in what else the round made; ``label`` is there too.
    """

    players = ("generator",)

    def __init__(
        self,
        weight: float = 0.1,
        every: int = 1,
        made: Sequence[str] = ("class", "class_source"),
    ) -> None:
        super().__init__(weight, every)
        self.made = tuple(made)

    def forward(self, turn: Turn) -> Tensor:
        made = turn.round.made
        label = required(made, "label")
        losses = [cross_entropy(required(made, name).float(), label) for name in self.made]
        return torch.stack(losses).sum()


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
