"""What few labels teach."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from gan_lab.contracts import Sample, Term, Turn
from gan_lab.errors import LabError


class Supervision(Term):
    r"""A second head learns the classes of labelled samples; the discriminator alone is moved.

    .. math:: -E_{(x, y) \text{ labelled}}[\log P(y \mid x, y \le K)]

    The labelled samples come beside the minibatch (``data.labels=100``).

    References:
        Improved Techniques for Training GANs (Salimans et al. 2016), section 5, arXiv 1606.03498.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        head: The second head that holds class logits.
    """

    def __init__(self, weight: float = 1.0, every: int = 1, head: str = "label") -> None:
        super().__init__(weight, every)
        self.head = head
        self.needs_heads = (head,)

    def forward(self, turn: Turn) -> Tensor:
        given = turn.round.real
        samples = labelled(given, "labelled_x")
        verdict = turn.discriminator({**given, "x": samples})
        return cross_entropy(verdict.heads[self.head], labelled(given, "labelled_label"))


class Sorting(Term):
    r"""Logits that the generating side made shall tell a class: a cluster drawn, or a label.

    .. math:: -E[\log P(c \mid \cdot)]

    References:
        ClusterGAN (Mukherjee et al. 2019), equation 2, arXiv 1809.03627, for clusters. Adversarial
        Autoencoders (Makhzani et al. 2016), section 5, arXiv 1511.05644, for labels.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        made: Key of the logits (N, K), in what else the round made.
        target: Key of the classes (N,), among the generated or the real samples.
    """

    players = ("generator",)

    def __init__(
        self, weight: float = 1.0, every: int = 1, made: str = "class", target: str = "cluster"
    ) -> None:
        super().__init__(weight, every)
        self.made, self.target = made, target

    def forward(self, turn: Turn) -> Tensor:
        places = {**turn.round.real, **turn.round.fake}
        return cross_entropy(
            labelled(turn.round.made, self.made).float(), labelled(places, self.target)
        )


def labelled(sample: Sample, name: str) -> Tensor:
    """Return what belongs to labelled samples, or raise LabError where there are none."""
    if name not in sample:
        raise LabError(
            f"this round has no {name}; it has {', '.join(sorted(sample))}. Labelled samples come "
            "with data.labels=100"
        )
    return sample[name]
