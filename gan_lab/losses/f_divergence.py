"""Variational f-divergence minimisation."""

import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from gan_lab.contracts import AdversarialLoss

LARGEST_LOG_RATIO = 20.0


class Variational(NamedTuple):
    """One f-divergence in terms of the discriminator's logit v.

    Attributes:
        activation: v to T(v), a value in the domain of the conjugate.
        conjugate: v to f*(T(v)), simplified, so that it neither overflows nor cancels.
        threshold: The logit at which T is f'(1), that of equal densities.
        units: The divergence that ``scale`` and ``offset`` express the bound in.
        scale: Multiplies the bound E_p[T] - E_q[f*(T)].
        offset: Is added to it.
    """

    activation: Callable[[Tensor], Tensor]
    conjugate: Callable[[Tensor], Tensor]
    threshold: float
    units: str
    scale: float = 1.0
    offset: float = 0.0


def bounded_exp(exponent: Tensor) -> Tensor:
    """Return exp up to exponent 20 and its tangent from there.

    So no logit overflows. The bound is one wherever the ratio of the densities
    stays below e^20; where it does not, the tangent lies below exp and the
    supremum over discriminators is infinite, even if the divergence is not.
    """
    clamped = exponent.clamp(max=LARGEST_LOG_RATIO)
    return clamped.exp() * (1 + exponent - clamped)


F_DIVERGENCES = {
    "kl": Variational(
        activation=lambda v: v,
        conjugate=lambda v: bounded_exp(v - 1),
        threshold=1.0,
        units="KL(real || generated) (nats)",
    ),
    "reverse_kl": Variational(
        activation=lambda v: -bounded_exp(-v),
        conjugate=lambda v: v - 1,
        threshold=0.0,
        units="KL(generated || real) (nats)",
    ),
    "pearson": Variational(
        activation=lambda v: v,
        conjugate=lambda v: v.square() / 4 + v,
        threshold=0.0,
        units="Pearson chi-squared(real || generated)",
    ),
    "squared_hellinger": Variational(
        activation=lambda v: 1 - bounded_exp(-v),
        conjugate=lambda v: bounded_exp(v) - 1,
        threshold=0.0,
        units="squared Hellinger distance (0 to 2)",
    ),
    "jensen_shannon": Variational(
        activation=lambda v: math.log(2.0) + logsigmoid(v),
        conjugate=lambda v: softplus(v) - math.log(2.0),
        threshold=0.0,
        units="Jensen-Shannon (nats)",
        scale=0.5,
    ),
    "gan": Variational(
        activation=logsigmoid,
        conjugate=softplus,
        threshold=0.0,
        units="Jensen-Shannon (nats)",
        scale=0.5,
        offset=math.log(2.0),
    ),
}


class FDivergence(AdversarialLoss):
    r"""The two players of a variational f-divergence.

    .. math::
        D_f(p \| q) = \int q\, f(p / q)
            \ge E_p[T(x)] - E_q[f^*(T(x))],
        \qquad T(x) = g_f(D(x))

    The discriminator maximises the bound. The activation :math:`g_f` maps a raw
    logit v into the domain of :math:`f^*`:

    ==================  =====================  =============================
    name                T = g_f(v)             f*(T)
    ==================  =====================  =============================
    kl                  v                      exp(v - 1)
    reverse_kl          -exp(-v)               v - 1
    pearson             v                      v²/4 + v
    squared_hellinger   1 - exp(-v)            exp(v) - 1
    jensen_shannon      log 2 + logsigmoid(v)  softplus(v) - log 2
    gan                 logsigmoid(v)          softplus(v)
    ==================  =====================  =============================

    The exponentials continue as their tangents beyond :math:`e^{20}`.
    ``gan`` is the game of :class:`Minimax`, and of :class:`NonSaturating`
    where ``saturating`` is False.

    References:
        f-GAN: Training Generative Neural Samplers using Variational Divergence
        Minimization (Nowozin et al. 2016), tables 1, 2 and 6 and section 3.2,
        arXiv 1606.00709.

    Args:
        name: One of the table's.
        saturating: Whether the generator minimises the bound itself, or else
            :math:`-E_q[T(x)]`, the paper's practical alternative.

    Raises:
        ValueError: If the name is not one of the table's.
    """

    def __init__(self, name: str, saturating: bool = True) -> None:
        super().__init__()
        if name not in F_DIVERGENCES:
            raise ValueError(f"name must be one of {', '.join(F_DIVERGENCES)}, got {name!r}")
        self.name = name
        self.saturating = saturating
        self.variational = F_DIVERGENCES[name]
        self.real_threshold = self.variational.threshold
        self.divergence_name = f"{self.variational.units}, lower bound"

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        activation, conjugate = self.variational.activation, self.variational.conjugate
        return conjugate(fake).mean() - activation(real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        if self.saturating:
            return -self.variational.conjugate(fake).mean()
        return -self.variational.activation(fake).mean()

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        bound = -self.discriminator(real, fake)
        return self.variational.scale * bound + self.variational.offset
