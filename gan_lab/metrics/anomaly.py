"""How unlike what a generator draws a sample is."""

from typing import NamedTuple

import torch
from torch import Tensor


class Scores(NamedTuple):
    """Of each sample, the larger the stranger; shape (N,) each.

    Attributes:
        residual: Mean squared distance to what the generator draws of its code.
        features: The same of a discriminator's features.
    """

    residual: Tensor
    features: Tensor

    def joined(self, weight: float = 1.0) -> Tensor:
        r"""Return :math:`A_R + \kappa A_D`, shape (N,).

        References:
            f-AnoGAN: Fast unsupervised anomaly detection with generative adversarial networks
            (Schlegl et al. 2019), section 2.3, Medical Image Analysis 54.

        Args:
            weight: :math:`\kappa`.
        """
        return self.residual + weight * self.features


def anomaly_scores(
    samples: Tensor, again: Tensor, features: Tensor, features_again: Tensor
) -> Scores:
    """Return the scores of samples and of what was drawn of their codes.

    Args:
        samples: Shape (N, *shape).
        again: Of that shape.
        features: Of a discriminator, shape (N, ...).
        features_again: Of that shape.

    Example:
        >>> anomaly_scores(torch.ones(1, 2), torch.zeros(1, 2), torch.ones(1, 1), torch.ones(1, 1))
        Scores(residual=tensor([1.]), features=tensor([0.]))
    """
    return Scores(
        (samples - again).float().square().flatten(1).mean(1),
        (features - features_again).float().square().flatten(1).mean(1),
    )


def descended(scores: Scores, weight: float = 0.1) -> Tensor:
    r"""Return what codes are found by without an encoder, :math:`(1 - \lambda) R + \lambda D`.

    References:
        Unsupervised Anomaly Detection with Generative Adversarial Networks to Guide Marker
        Discovery (Schlegl et al. 2017), section 2.2, arXiv 1703.05921, whose R and D are sums of
        absolute values.

    Args:
        scores: Of N samples and what was drawn.
        weight: :math:`\lambda`, in [0, 1].

    Returns:
        Shape (N,).
    """
    return torch.lerp(scores.residual, scores.features, weight)
