"""Maximum mean discrepancy of what a critic embeds samples as."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from gan_lab.contracts import AdversarialLoss
from gan_lab.errors import LabError

Kernel = Literal["gaussian", "rational_quadratic"]


class MaximumMeanDiscrepancy(AdversarialLoss):
    r"""The critic seeks features by which a kernel tells the kinds apart; the generator follows.

    .. math:: \max_D \min_G MMD^2_k(D(x), D(\tilde x)) = E[k(x, x')] - 2\,E[k(x, y)] + E[k(y, y')]

    by its unbiased estimate, without the pairs of a sample with itself. What a sample is embedded
    as are its logits, (N, ...), taken as one vector: :class:`gan_lab.models.Embedding` reads them
    out. Kernels are sums over scales s of :math:`e^{-\|a-b\|^2/2s^2}` or of
    :math:`(1 + \|a-b\|^2/2s)^{-s}`, divided by the number of scales, so that
    :math:`k(x, x) = 1` and the best critic of all reaches :math:`2\,TV^2`.

    References:
        MMD GAN: Towards Deeper Understanding of Moment Matching Network (Li et al. 2017), equation
        4, arXiv 1705.08584. Demystifying MMD GANs (Binkowski et al. 2018), section 2.1, arXiv
        1801.01401, for the rational quadratic kernel.

    Args:
        kernel: "gaussian" or "rational_quadratic".
        scales: s, positive.

    Raises:
        ValueError: If there is no such kernel or a scale is not positive.
    """

    needs_real = True
    divergence_name = "squared maximum mean discrepancy of the features"
    real_threshold = None

    def __init__(
        self, kernel: Kernel, scales: Sequence[float] = (1.0, 2.0, 4.0, 8.0, 16.0)
    ) -> None:
        super().__init__()
        if kernel not in get_args(Kernel):
            raise ValueError(f"kernel must be one of {', '.join(get_args(Kernel))}, got {kernel!r}")
        if not scales or not min(scales) > 0:
            raise ValueError(f"scales must be positive, got {list(scales)}")
        self.kernel, self.scales = kernel, tuple(scales)

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return -self.divergence(real, fake)

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.divergence(real, fake)

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the unbiased estimate for embeddings (N, ...) and (M, ...).

        Raises:
            LabError: If a kind has one sample only, which has no pair.
        """
        if min(len(real), len(fake)) < 2:
            raise LabError("the maximum mean discrepancy needs two samples at least of each kind")
        real, fake = (x.reshape(len(x), -1) for x in (real, fake))
        between = self.similarity(real, fake).mean()
        return self.within(real) + self.within(fake) - 2 * between

    def within(self, samples: Tensor) -> Tensor:
        """Return the mean similarity of different samples (N, d)."""
        count = len(samples)
        table = self.similarity(samples, samples)
        return (table.sum() - table.diagonal().sum()) / (count * (count - 1))

    def similarity(self, a: Tensor, b: Tensor) -> Tensor:
        """Return k, shape (N, M), of rows (N, d) and (M, d)."""
        squares = (a[:, None] - b[None]).square().sum(dim=2)
        if self.kernel == "gaussian":
            parts = [torch.exp(-squares / (2 * s**2)) for s in self.scales]
        else:
            parts = [(1 + squares / (2 * s)).pow(-s) for s in self.scales]
        return torch.stack(parts).mean(dim=0)
