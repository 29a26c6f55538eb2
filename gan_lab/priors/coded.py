"""Latents of which some coordinates carry a code that is to be recovered."""

from typing import Literal, get_args

import torch

from gan_lab.contracts import Prior, Sample
from gan_lab.priors.continuous import normal, uniform

Law = Literal["uniform", "normal"]


class Coded(Prior):
    """Noise, continuous codes and one categorical code, as InfoGAN has them.

    The first ``codes`` coordinates of z are the continuous codes, the others N(0, 1). The
    categorical code is drawn evenly and handed to the generator as a label.

    References:
        InfoGAN (Chen et al. 2016), section 7 and appendix C, arXiv 1606.03657: a code of ten
        values and two continuous ones from U(-1, 1).

    Args:
        dim: Length of z, continuous codes included.
        codes: Continuous codes, at most ``dim``.
        num_classes: Values of the categorical code, positive.
        law: Of the continuous codes: "uniform" in [-1, 1], or "normal".

    Raises:
        ValueError: If a number is out of range or there is no such law.
    """

    def __init__(
        self, dim: int, codes: int = 2, num_classes: int = 10, law: Law = "uniform"
    ) -> None:
        super().__init__(dim)
        if not 0 <= codes <= dim:
            raise ValueError(f"codes must be between 0 and latent_dim={dim}, got {codes}")
        if num_classes < 1:
            raise ValueError(f"num_classes must be at least 1, got {num_classes}")
        if law not in get_args(Law):
            raise ValueError(f"law must be one of {', '.join(get_args(Law))}, got {law!r}")
        self.codes, self.num_classes, self.law = codes, num_classes, law

    def forward(self, count: int, random: torch.Generator | None = None) -> Sample:
        z = normal(count, self.dim, self.device_like, random)
        if self.law == "uniform":
            code = uniform(count, self.codes, self.device_like, random)
            z = torch.cat([code, z[:, self.codes :]], dim=1)
        device = self.device_like.device if random is None else random.device
        label = torch.randint(self.num_classes, (count,), generator=random, device=device)
        return {"z": z, "code": z[:, : self.codes], "label": label.to(self.device_like.device)}
