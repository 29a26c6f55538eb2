"""Latents in clusters."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from gan_lab.contracts import Prior, Sample
from gan_lab.priors.continuous import normal


class Clustered(Prior):
    r"""A one-hot vector and normal numbers beside it, so that each class is a cluster.

    .. math:: z = (z_c, z_n), \qquad z_c \in \{e_1, \dots, e_K\} \text{ evenly},
        \quad z_n \sim N(0, \sigma^2 I)

    References:
        ClusterGAN (Mukherjee et al. 2019), section 2, arXiv 1809.03627, with deviation 0.1.
        Adversarial Autoencoders (Makhzani et al. 2016), section 5, arXiv 1511.05644, with 1.

    Args:
        dim: Length of z.
        clusters: K, positive and below ``dim``.
        deviation: :math:`\sigma`, positive.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(self, dim: int, clusters: int = 10, deviation: float = 0.1) -> None:
        super().__init__(dim)
        if not 1 <= clusters < dim:
            raise ValueError(
                f"clusters must be between 1 and latent_dim - 1 = {dim - 1}, got {clusters}; "
                "prior=normal has none"
            )
        if not deviation > 0:
            raise ValueError(f"deviation must be positive, got {deviation}")
        self.clusters, self.deviation = clusters, deviation

    def forward(self, count: int, random: torch.Generator | None = None) -> Sample:
        """Return ``z`` and the ``cluster`` (count,) that each lies in."""
        spread = normal(count, self.dim - self.clusters, self.device_like, random)
        device = self.device_like.device if random is None else random.device
        cluster = torch.randint(self.clusters, (count,), generator=random, device=device)
        cluster = cluster.to(self.device_like.device)
        vectors = one_hot(cluster, self.clusters).to(spread)
        return {"z": torch.cat([vectors, self.deviation * spread], dim=1), "cluster": cluster}

    def split(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return the part that says which cluster, (N, K), and the rest."""
        return z[:, : self.clusters], z[:, self.clusters :]

    def join(self, logits: Tensor, rest: Tensor) -> Tensor:
        """Return latents of the likeliest clusters of logits (N, K), and the rest beside them."""
        likeliest = one_hot(logits.argmax(dim=1), self.clusters).to(rest)
        return torch.cat([likeliest, rest], dim=1)
