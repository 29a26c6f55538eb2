"""Penalties on the gradient of the logits with respect to the samples."""

import torch
from torch import Tensor

from gan_lab.regularizers.base import Penalty, Scorer, require_positive


def input_gradients(discriminator: Scorer, samples: Tensor) -> Tensor:
    r"""Return :math:`\nabla_x D(x)` for each sample, flattened, in full precision.

    The result carries a graph, so that a penalty on it can be minimised.

    Args:
        discriminator: Maps samples (N, *shape) to logits (N,), each of which
            must depend on its own sample alone.
        samples: The points x, shape (N, *shape).

    Returns:
        Gradients of shape (N, prod(shape)).
    """
    samples = samples.detach().requires_grad_()
    # Second derivatives lose too much in half precision.
    with torch.enable_grad(), torch.autocast(samples.device.type, enabled=False):
        logits = discriminator(samples)
        (gradients,) = torch.autograd.grad(logits.sum(), samples, create_graph=True)
    flat: Tensor = gradients.flatten(1)
    return flat


class GradientPenalty(Penalty):
    r"""Pull the gradient norm towards a target on lines between real and generated samples.

    .. math::
        \lambda\, E[(\|\nabla D(\hat x)\|_2 - t)^2],
        \qquad \hat x = \epsilon x + (1 - \epsilon)\,\tilde x,
        \quad \epsilon \sim U(0, 1) \text{ per sample}

    References:
        Improved Training of Wasserstein GANs (Gulrajani et al. 2017),
        equation 3 and algorithm 1, arXiv 1704.00028.

    Args:
        weight: :math:`\lambda`, positive.
        target: t, not negative; 1 in the paper.

    Raises:
        ValueError: If ``weight`` is not positive or ``target`` is negative.
    """

    def __init__(self, weight: float = 10.0, target: float = 1.0) -> None:
        self.weight = require_positive("weight", weight)
        if target < 0:
            raise ValueError(f"target must not be negative, got {target}")
        self.target = target

    def __call__(self, discriminator: Scorer, real: Tensor, fake: Tensor) -> Tensor:
        epsilon = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
        between = torch.lerp(fake.to(real.dtype), real, epsilon.to(real.dtype))
        norms = torch.linalg.vector_norm(input_gradients(discriminator, between), dim=1)
        penalty: Tensor = self.weight * (norms - self.target).square().mean()
        return penalty


class R1(Penalty):
    r"""Penalise the squared gradient norm on real samples.

    .. math:: \tfrac{\gamma}{2} E_p[\|\nabla D(x)\|_2^2]

    References:
        Which Training Methods for GANs do actually Converge? (Mescheder et al.
        2018), equation 9, arXiv 1801.04406.

    Args:
        weight: :math:`\gamma`, positive.

    Raises:
        ValueError: If ``weight`` is not positive.
    """

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = require_positive("weight", weight)

    def __call__(self, discriminator: Scorer, real: Tensor, fake: Tensor) -> Tensor:
        squares = input_gradients(discriminator, real).square().sum(dim=1)
        return self.weight / 2 * squares.mean()
