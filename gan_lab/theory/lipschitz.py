"""How steep a critic is, and how far two samples are apart."""

import torch
from scipy.stats import wasserstein_distance
from torch import Tensor

from gan_lab.terms import Scorer, input_gradients
from gan_lab.theory.transport import assignment_distance


def steepest(critic: Scorer, real: Tensor, fake: Tensor) -> float:
    """Return the largest gradient norm of ``critic`` at samples and between them.

    The points lie on segments between real and generated samples, where W1's
    mass travels; the largest norm seen is at most the Lipschitz constant.
    """
    places = torch.linspace(0, 1, 9).view(-1, 1, 1)
    points = torch.lerp(fake.unsqueeze(0), real.unsqueeze(0), places).flatten(0, 1)
    norms = torch.linalg.vector_norm(input_gradients(critic, points), dim=1)
    return float(norms.max().detach())


def exact_distance(real: Tensor, fake: Tensor) -> float:
    """Return the Wasserstein-1 distance of two samples of equal size, shape (n, d)."""
    if real.shape[1] == 1:
        return float(wasserstein_distance(real.flatten().numpy(), fake.flatten().numpy()))
    return assignment_distance(real, fake)
