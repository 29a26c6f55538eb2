"""Objectives of a discriminator's second head, beside the adversarial ones."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from torch import Tensor
from torch.nn.functional import cross_entropy


class Recognition(NamedTuple):
    """What the second head says: class logits (N, num_classes) and codes (N, num_codes)."""

    classes: Tensor
    codes: Tensor


class Condition(NamedTuple):
    """What samples were made from: labels (N,) and codes (N, num_codes), or neither."""

    labels: Tensor | None = None
    codes: Tensor | None = None


class AuxiliaryLoss(ABC):
    """A term that both players add to their losses and both minimise.

    Attributes:
        real_labels: Whether labels are the data's, or else drawn at random.
    """

    real_labels: ClassVar[bool]

    @abstractmethod
    def discriminator(self, real: Recognition, fake: Recognition, condition: Condition) -> Tensor:
        """Return the weighted term of the discriminator's loss, a scalar."""

    @abstractmethod
    def generator(self, fake: Recognition, condition: Condition) -> Tensor:
        """Return the weighted term of the generator's loss, a scalar."""


class AuxiliaryClassifier(AuxiliaryLoss):
    r"""Recognise the class of real and of generated samples.

    .. math::
        L_C = -\lambda\,(E_p[\log P(y \mid x)] + E_q[\log P(y \mid x)])

    The generator's term is the second.

    References:
        Conditional Image Synthesis with Auxiliary Classifier GANs (Odena et al.
        2017), equation 3, arXiv 1610.09585.

    Args:
        weight: :math:`\lambda`, positive; 1 in the paper.

    Raises:
        ValueError: If ``weight`` is not positive.
    """

    real_labels = True

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = require_positive("weight", weight)

    def discriminator(self, real: Recognition, fake: Recognition, condition: Condition) -> Tensor:
        on_real = cross_entropy(real.classes, required(condition.labels))
        return self.weight * on_real + self.generator(fake, condition)

    def generator(self, fake: Recognition, condition: Condition) -> Tensor:
        return self.weight * cross_entropy(fake.classes, required(condition.labels))


class Information(AuxiliaryLoss):
    r"""Recover the codes that a sample was generated from.

    .. math::
        -\lambda\,E_q[\log Q(c \mid x)] + \tfrac{\mu}{2}\,E_q[\|z_c - \hat z_c(x)\|^2]

    Up to a constant this bounds from above the negative mutual information of
    codes and samples. The categorical code c is drawn uniformly; the continuous
    codes :math:`z_c` are the first of the Gaussian latents, where the paper
    draws them from U(-1, 1).

    References:
        InfoGAN: Interpretable Representation Learning by Information Maximizing
        Generative Adversarial Nets (Chen et al. 2016), equations 5 and 6, arXiv
        1606.03657.

    Args:
        weight: :math:`\lambda`, positive; 1 in the paper.
        code_weight: :math:`\mu`, positive; 0.1 in the authors' code.

    Raises:
        ValueError: If a weight is not positive.
    """

    real_labels = False

    def __init__(self, weight: float = 1.0, code_weight: float = 0.1) -> None:
        self.weight = require_positive("weight", weight)
        self.code_weight = require_positive("code_weight", code_weight)

    def discriminator(self, real: Recognition, fake: Recognition, condition: Condition) -> Tensor:
        return self.generator(fake, condition)

    def generator(self, fake: Recognition, condition: Condition) -> Tensor:
        discrete = cross_entropy(fake.classes, required(condition.labels))
        continuous = (fake.codes - required(condition.codes)).square().sum(dim=1).mean() / 2
        return self.weight * discrete + self.code_weight * continuous


def required(target: Tensor | None) -> Tensor:
    """Return ``target``, or raise ValueError where there is nothing to recognise."""
    if target is None:
        raise ValueError("these samples were made from no labels or codes to recognise")
    return target


def require_positive(name: str, value: float) -> float:
    """Return ``value``, or raise ValueError where it is not positive."""
    if not value > 0:
        raise ValueError(f"{name} must be positive, got {value}")
    return value
