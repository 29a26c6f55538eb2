"""Penalties on the gradient of the logits with respect to the samples."""

import torch
from torch import Tensor

from gan_lab.terms.base import (
    Penalty,
    Scorer,
    Side,
    require_not_negative,
    require_positive,
)


def input_gradients(discriminator: Scorer, samples: Tensor) -> Tensor:
    r"""Return :math:`\nabla_x D(x)` for each sample, flattened, in full precision.

    The result carries a graph, so that a penalty on it can be minimised.

    Args:
        discriminator: Maps samples (N, *shape) to logits (N,), each of which
            must depend on its own sample alone; to (N, ...), some for each
            sample's patches, whose mean is then D(x), as losses take it; or to
            (N / m,), one for each pack of m samples.
        samples: The points x, shape (N, *shape).

    Returns:
        Gradients of shape (N, prod(shape)), or (N / m, m·prod(shape)).
    """
    samples = samples.detach()
    if torch.is_autocast_enabled(samples.device.type):
        samples = samples.float()  # as the weights are, which autocast would have cast
    samples.requires_grad_()
    # Second derivatives lose too much in half precision.
    with torch.enable_grad(), torch.autocast(samples.device.type, enabled=False):
        logits = discriminator(samples)
        values = logits if logits.ndim == 1 else logits.flatten(1).mean(1)
        (gradients,) = torch.autograd.grad(values.sum(), samples, create_graph=True)
    flat: Tensor = gradients.reshape(len(logits), -1)
    return flat


def squared_norms(discriminator: Scorer, samples: Tensor) -> Tensor:
    """Return the squared gradient norm at each sample, shape (N,)."""
    return input_gradients(discriminator, samples).square().sum(dim=1)


def distance_to_target(
    discriminator: Scorer, samples: Tensor, target: float, one_sided: bool
) -> Tensor:
    """Return the mean squared distance of gradient norms to a target, or of those above it."""
    norms = torch.linalg.vector_norm(input_gradients(discriminator, samples), dim=1)
    excess = norms - target
    distance: Tensor = (excess.relu() if one_sided else excess).square().mean()
    return distance


def between(real: Side, fake: Side) -> Tensor:
    """Return a random point between each real sample and a generated one, shape (N, *shape)."""
    samples = real.samples
    epsilon = torch.rand(len(samples), *[1] * (samples.ndim - 1), device=samples.device)
    return torch.lerp(fake.samples.to(samples.dtype), samples, epsilon.to(samples.dtype))


class GradientPenalty(Penalty):
    r"""Pull the gradient norm towards a target on lines between real and generated samples.

    .. math::
        \lambda\, E[(\|\nabla D(\hat x)\|_2 - t)^2],
        \qquad \hat x = \epsilon x + (1 - \epsilon)\,\tilde x,
        \quad \epsilon \sim U(0, 1) \text{ per sample}

    References:
        Improved Training of Wasserstein GANs (Gulrajani et al. 2017),
        equation 3, algorithm 1 and section 4, arXiv 1704.00028. On the
        regularization of Wasserstein GANs (Petzka et al. 2018), arXiv
        1709.08894, for ``one_sided``.

    Args:
        weight: :math:`\lambda`, positive.
        target: t, not negative; 1 in the paper.
        one_sided: Whether norms below the target are left alone.
        every: See :class:`Term`.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        weight: float = 10.0,
        target: float = 1.0,
        one_sided: bool = False,
        every: int = 1,
    ) -> None:
        super().__init__(weight, every)
        self.target = require_not_negative("target", target)
        self.one_sided = one_sided

    def penalty(self, real: Side, fake: Side) -> Tensor:
        points = between(real, fake)
        return distance_to_target(fake.scorer, points, self.target, self.one_sided)


class GradientPower(Penalty):
    r"""Penalise a power of the gradient norm on lines between real and generated samples.

    .. math::
        k\, E[\|\nabla D(\hat x)\|_2^p],
        \qquad \hat x = \epsilon x + (1 - \epsilon)\,\tilde x,
        \quad \epsilon \sim U(0, 1) \text{ per sample}

    With Wasserstein's loss this is the Wasserstein divergence, a divergence without any Lipschitz
    constraint. Of two points at distance d the best linear critic has the slope
    :math:`(d / kp)^{1 / (p - 1)}`.

    References:
        Wasserstein Divergence for GANs (Wu et al. 2018), equations 9 and 10 and section 4, arXiv
        1712.01026.

    Args:
        weight: k, positive; 2 in the paper.
        power: p, above 1; 6 in the paper.
        every: See :class:`Term`.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(self, weight: float = 2.0, power: float = 6.0, every: int = 1) -> None:
        super().__init__(weight, every)
        if not power > 1:
            raise ValueError(f"power must be above 1, got {power}")
        self.power = power

    def penalty(self, real: Side, fake: Side) -> Tensor:
        return squared_norms(fake.scorer, between(real, fake)).pow(self.power / 2).mean()


class DRAGAN(Penalty):
    r"""Pull the gradient norm towards a target around real samples.

    .. math::
        \lambda\, E_{p,\,\delta}[(\|\nabla D(x + \delta)\|_2 - t)^2],
        \qquad \delta \sim N(0, (c\,s)^2 I),

    where s is the standard deviation of all values of the real batch.

    That is the paper's equation, with s as in the authors' code. The code's own noise is another:
    it adds :math:`\tfrac12 s\,u` with u from U(0, 1) in every value, all of them upwards, and
    takes a random point between x and that.

    References:
        On Convergence and Stability of GANs (Kodali et al. 2017), equation 4,
        arXiv 1705.07215; the authors' code, kodalinaveen3/DRAGAN, DRAGAN.ipynb.

    Args:
        weight: :math:`\lambda`, positive.
        target: t, not negative; 1 in the paper.
        deviation: c, positive; the paper's is left to be tuned.
        every: See :class:`Term`.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        weight: float = 10.0,
        target: float = 1.0,
        deviation: float = 0.5,
        every: int = 1,
    ) -> None:
        super().__init__(weight, every)
        self.target = require_not_negative("target", target)
        self.deviation = require_positive("deviation", deviation)

    def penalty(self, real: Side, fake: Side) -> Tensor:
        samples = real.samples
        around = samples + self.deviation * samples.std() * torch.randn_like(samples)
        return distance_to_target(real.scorer, around, self.target, False)


class R1(Penalty):
    r"""Penalise the squared gradient norm on real samples.

    .. math:: \tfrac{\gamma}{2} E_p[\|\nabla D(x)\|_2^2]

    References:
        Which Training Methods for GANs do actually Converge? (Mescheder et al.
        2018), equation 9, arXiv 1801.04406.

    Args:
        weight: :math:`\gamma`, positive.
        every: See :class:`Term`.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(self, weight: float = 1.0, every: int = 1) -> None:
        super().__init__(weight, every)

    def penalty(self, real: Side, fake: Side) -> Tensor:
        return squared_norms(*real).mean() / 2


class R2(R1):
    r"""Penalise the squared gradient norm on generated samples.

    .. math:: \tfrac{\gamma}{2} E_q[\|\nabla D(x)\|_2^2]

    References:
        Mescheder et al. 2018, equation 10, arXiv 1801.04406.
    """

    def penalty(self, real: Side, fake: Side) -> Tensor:
        return super().penalty(fake, real)


class R1R2(R1):
    r"""Penalise the squared gradient norm on real and on generated samples.

    .. math:: \tfrac{\gamma}{2} (E_p + E_q)[\|\nabla D(x)\|_2^2]

    References:
        The GAN is dead; long live the GAN! (Huang et al. 2024), section 3.2,
        arXiv 2501.05441.
    """

    def penalty(self, real: Side, fake: Side) -> Tensor:
        return super().penalty(real, fake) + super().penalty(fake, real)
