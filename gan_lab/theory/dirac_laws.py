"""The Dirac-GAN's eigenvalues in closed form, for the methods whose are known."""

import cmath
from collections.abc import Callable
from typing import Any, NamedTuple

from gan_lab.descents import Consensus, Extragradient, Optimistic, Plain
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
from gan_lab.terms import R1, R1R2, R2, GradientPenalty, WeightClipping
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


def predicted(method: Method, size: float) -> tuple[complex, complex] | None:
    r"""Return the eigenvalues of the field that is followed, or None where they are not known.

    .. math:: \lambda = -\tfrac k2 \pm \sqrt{\tfrac{k^2}4 - f'^2}

    with the damping k of the penalties, :math:`-2 f'' \sigma^2` of instance
    noise. Consensus adds :math:`-c f'^2` to an undamped pair. Extragradient follows the field one
    step of size h ahead, which makes it :math:`\lambda + h \lambda^2`: the game's own for small
    steps. Optimistic descent follows the game's own field; its memory is in the steps.

    References:
        Mescheder et al. 2018, sections 2 to 4, arXiv 1801.04406; Mescheder et al. 2017, section
        4, arXiv 1705.10461; Gidel et al. 2019, section 3, arXiv 1802.10551.

    Args:
        method: How the game is played.
        size: h.
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
    plain = -friction / 2 + root, -friction / 2 - root
    if isinstance(method.descent, Extragradient):
        return plain[0] + size * plain[0] ** 2, plain[1] + size * plain[1] ** 2
    if type(method.descent) in (Plain, Optimistic):
        return plain
    pull = damping_of_descent(method, size)
    return None if friction or pull is None else (plain[0] - pull, plain[1] - pull)


def damping_of_descent(method: Method, size: float) -> float | None:
    r"""Return what a descent takes from both eigenvalues of an undamped game, if it is known.

    :math:`c f'^2` of consensus, where both players pull alike, :math:`h f'^2` of extragradient.
    """
    force, descent = forces(method), method.descent
    if force is None:
        return None
    square = force.discriminator * force.generator
    if isinstance(descent, Consensus):
        return descent.weight * square if force.discriminator == force.generator else None
    if isinstance(descent, Extragradient):
        return size * square
    return 0.0 if type(descent) is Plain else None


def predicted_round(method: Method, size: float, steps: Steps) -> tuple[complex, ...] | None:
    r"""Return the eigenvalues of one round of updates of a game without regularizers.

    With :math:`s = h^2 f'^2` and what a step leaves of a place, :math:`r = 1 - h k`, where the
    descent's own damping is k (none: 0, consensus: :math:`c f'^2`, extragradient:
    :math:`h f'^2`):

    Simultaneous: :math:`r \pm i \sqrt s`; :math:`1 + h \lambda + h^2 \lambda^2` of
    extragradient. Alternating: the roots of :math:`\mu^2 - t \mu + r^{n_d + n_g}` with

    .. math:: t = r^{n_d} + r^{n_g} - s \sum_{i < n_d} r^i \sum_{j < n_g} r^j

    Without damping these are outside of the unit circle, and on it iff
    :math:`\sqrt{n_g n_d}\, h f' \le 2`. Simultaneous optimistic steps, which remember the last:
    the roots of :math:`\mu^2 - (1 + 2 h \lambda) \mu + h \lambda` for both
    :math:`\lambda = \pm i f'`.

    References:
        Mescheder et al. 2018, lemmas 2.3 and 2.4, arXiv 1801.04406; Daskalakis et al. 2018,
        section 2, arXiv 1711.00141, for optimistic steps.
    """
    force = forces(method)
    if force is None or method.regularizers or method.noise:
        return None
    square = size**2 * force.discriminator * force.generator
    root = cmath.sqrt(-square)
    if isinstance(method.descent, Optimistic):
        if not steps.simultaneous:
            return None
        found = [mu for turn in (root, -root) for mu in roots(1 + 2 * turn, turn)]
        return tuple(sorted(found, key=lambda mu: (-mu.real, -mu.imag)))
    pull = damping_of_descent(method, size)
    if pull is None:
        return None
    kept = 1 - size * pull
    if steps.simultaneous:
        return kept + root, kept - root
    moved = [sum(kept**i for i in range(n)) for n in (steps.discriminator, steps.generator)]
    trace = kept**steps.discriminator + kept**steps.generator - square * moved[0] * moved[1]
    return roots(trace, kept ** (steps.discriminator + steps.generator))


def roots(trace: complex, determinant: complex) -> tuple[complex, complex]:
    """Return the eigenvalues of a matrix of two rows."""
    root = cmath.sqrt(trace**2 / 4 - determinant)
    return trace / 2 + root, trace / 2 - root


def forces(method: Method) -> Force | None:
    """Return what drives the players, or None for a loss that theory has not met."""
    known = FORCES.get(type(method.loss))
    return None if known is None else known(method.loss)


def predicted_verdict(method: Method, size: float) -> str | None:
    """Return whether the flow along the field converges, or None where it is not known."""
    kinds = {type(item) for item in method.regularizers}
    if type(method.loss) is Wasserstein and kinds == {GradientPenalty}:
        (penalty,) = method.regularizers
        if isinstance(penalty, GradientPenalty) and penalty.target and not penalty.one_sided:
            return "does not converge"
    pair = predicted(method, size)
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
