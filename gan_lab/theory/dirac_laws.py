"""The Dirac-GAN's eigenvalues in closed form, for the methods whose are known."""

import cmath
from collections.abc import Callable
from typing import Any, NamedTuple

from gan_lab.losses import (
    FDivergence,
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    RelativisticAverage,
    RelativisticPairing,
    Wasserstein,
)
from gan_lab.regularizers import (
    R1,
    R1R2,
    R2,
    GradientPenalty,
    WeightClipping,
)
from gan_lab.theory.dirac import Method, Steps


class Force(NamedTuple):
    """What drives the players near the equilibrium.

    Attributes:
        discriminator: Slope of its loss in a generated logit.
        generator: Minus the slope of the generator's loss there.
        curvature: f'' of a logistic loss, on which instance noise acts; None for others.
    """

    discriminator: float
    generator: float
    curvature: float | None = None


def least_squares(loss: LeastSquares) -> Force:
    """The targets' distances from the middle of the real and the fake one."""
    middle = (loss.real_target + loss.fake_target) / 2
    return Force(middle - loss.fake_target, loss.generator_target - middle)


def minimax(loss: Minimax) -> Force | None:
    """f'(0) = 1/2 and f''(0) = -1/4 without label smoothing."""
    return Force(0.5, 0.5, -0.25) if loss.real_label == 1 else None


FORCES: dict[type, Callable[[Any], Force | None]] = {
    Minimax: minimax,
    NonSaturating: minimax,
    RelativisticPairing: lambda _: Force(0.5, 0.5),
    RelativisticAverage: lambda _: Force(1.0, 1.0),
    Wasserstein: lambda _: Force(1.0, 1.0),
    Hinge: lambda _: Force(1.0, 1.0),
    LeastSquares: least_squares,
    FDivergence: lambda loss: (
        Force(0.5, 0.5) if loss.name in ("gan", "jensen_shannon") else Force(1.0, 1.0)
    ),
}
DAMPING: dict[type, Callable[[Any], float | None]] = {
    R1: lambda penalty: penalty.weight,
    R2: lambda penalty: penalty.weight,
    R1R2: lambda penalty: 2 * penalty.weight,
    # With target 0 it is twice as strong as R1; with another the field jumps at slope 0.
    GradientPenalty: lambda penalty: None if penalty.target else 2 * penalty.weight,
    WeightClipping: lambda _: 0.0,
}


def predicted(method: Method) -> tuple[complex, complex] | None:
    r"""Return the eigenvalues of the continuous-time game, or None where they are not known.

    .. math:: -\tfrac k2 \pm \sqrt{\tfrac{k^2}4 - f'^2}

    with the damping k of the penalties, :math:`-2 f'' \sigma^2` of instance
    noise; the consensus term adds :math:`-c f'^2` to an undamped pair.

    References:
        Mescheder et al. 2018, sections 2 to 4, arXiv 1801.04406.
    """
    force = forces(method)
    damping = [DAMPING.get(type(item), lambda _: None)(item) for item in method.regularizers]
    if force is None or None in damping:
        return None
    friction = sum(value for value in damping if value is not None)
    if method.noise > 0:
        if force.curvature is None or method.regularizers:
            return None
        friction -= 2 * force.curvature * method.noise**2
    square = force.discriminator * force.generator
    root = cmath.sqrt(friction**2 / 4 - square)
    if method.consensus > 0:
        if friction or force.discriminator != force.generator:
            return None
        friction = 2 * method.consensus * square
    return -friction / 2 + root, -friction / 2 - root


def predicted_round(method: Method, size: float, steps: Steps) -> tuple[complex, complex] | None:
    r"""Return the eigenvalues of one round of updates of an undamped method.

    Simultaneous: :math:`1 \pm i h f'`, outside of the unit circle. Alternating:
    :math:`1 - \alpha^2/2 \pm \sqrt{(1 - \alpha^2/2)^2 - 1}` with
    :math:`\alpha = \sqrt{n_g n_d}\, h f'`, on it iff :math:`\alpha \le 2`.

    References:
        Mescheder et al. 2018, lemmas 2.3 and 2.4, arXiv 1801.04406.
    """
    force = forces(method)
    if force is None or method.regularizers or method.noise or method.consensus:
        return None
    square = size**2 * force.discriminator * force.generator
    if steps.simultaneous:
        root = cmath.sqrt(-square)
        return 1 + root, 1 - root
    middle = 1 - square * steps.discriminator * steps.generator / 2
    root = cmath.sqrt(middle**2 - 1)
    return middle + root, middle - root


def forces(method: Method) -> Force | None:
    """Return what drives the players, or None for a loss that theory has not met."""
    known = FORCES.get(type(method.loss))
    return None if known is None else known(method.loss)


def predicted_verdict(method: Method) -> str | None:
    """Return whether the continuous-time game converges, or None where it is not known."""
    kinds = {type(item) for item in method.regularizers}
    if type(method.loss) is Wasserstein and kinds == {GradientPenalty}:
        (penalty,) = method.regularizers
        if isinstance(penalty, GradientPenalty) and penalty.target and not penalty.one_sided:
            return "does not converge"
    pair = predicted(method)
    if pair is None:
        return None
    if max(value.real for value in pair) < 0:
        return "converges"
    if pair[0].imag == 0:
        return None  # decided by higher orders
    loss = method.loss
    zero_sum = type(loss) in ZERO_SUM or (isinstance(loss, FDivergence) and loss.saturating)
    return "circles" if zero_sum else "converges slowly"


ZERO_SUM = Minimax, Wasserstein, Hinge
"""Losses whose players pull with equal force near the equilibrium, so that θ² + ψ² is conserved.

With the other known losses its rate is -2ψθ tanh(ψθ/2) (non-saturating, relativistic pairing),
twice that with the slope halved (relativistic average) or -4(ψθ)² (least squares 0, 1): never
positive, and zero to the second order.
"""
