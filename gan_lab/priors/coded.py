"""Latents of which some coordinates carry a code that is to be recovered."""

from typing import Literal, get_args

import torch

from gan_lab.contracts import Prior, Sample
from gan_lab.priors.continuous import normal, uniform

Law = Literal["uniform", "normal"]


class Coded(Prior):
    """Noise, continuous codes and one categorical code, as InfoGAN has them.

    The first ``codes`` coordinates of z are the continuous codes, the others noise. The
    categorical code is drawn evenly and handed to the generator as a label.

    References:
        InfoGAN (Chen et al. 2016), section 7 and appendix C, arXiv 1606.03657, and the authors'
        code, openai/InfoGAN, launchers/run_mnist_exp.py: a code of ten values, two continuous
        ones and 62 coordinates of noise, all of these from U(-1, 1).

    Args:
        dim: Length of z, continuous codes included.
        codes: Continuous codes, at most ``dim``.
        num_classes: Values of the categorical code, positive.
        law: Of the continuous codes: "uniform" in [-1, 1], or "normal".
        noise: The same of the other coordinates.

    Raises:
        ValueError: If a number is out of range or there is no such law.
    """

    def __init__(
        self,
        dim: int,
        codes: int = 2,
        num_classes: int = 10,
        law: Law = "uniform",
        noise: Law = "uniform",
    ) -> None:
        super().__init__(dim)
        if not 0 <= codes <= dim:
            raise ValueError(f"codes must be between 0 and latent_dim={dim}, got {codes}")
        if num_classes < 1:
            raise ValueError(f"num_classes must be at least 1, got {num_classes}")
        for name, value in (("law", law), ("noise", noise)):
            if value not in get_args(Law):
                raise ValueError(f"{name} must be one of {', '.join(get_args(Law))}, got {value!r}")
        self.codes, self.num_classes, self.law, self.noise = codes, num_classes, law, noise

    def forward(self, count: int, random: torch.Generator | None = None) -> Sample:
        laws = {"uniform": uniform, "normal": normal}
        parts = ((self.law, self.codes), (self.noise, self.dim - self.codes))
        drawn = [laws[law](count, size, self.device_like, random) for law, size in parts]
        z = torch.cat(drawn, dim=1)
        device = self.device_like.device if random is None else random.device
        label = torch.randint(self.num_classes, (count,), generator=random, device=device)
        return {"z": z, "code": z[:, : self.codes], "label": label.to(self.device_like.device)}
