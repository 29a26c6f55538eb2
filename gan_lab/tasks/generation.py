"""From noise to samples: the task of the original paper, with labels or without."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from gan_lab.contracts import NOTHING, Medium, Prior, Round, Sample, Task
from gan_lab.errors import LabError
from gan_lab.media import Image, Points, Video, Voxels
from gan_lab.models import Generator
from gan_lab.priors import Normal


class Generation(Task):
    r"""Draw latents from a prior and let a generator make samples of them.

    .. math:: z \sim p(z), \qquad \tilde x = G(z) \text{ or } G(z, y)

    Labels are the data's, or the prior's own where it draws them (InfoGAN).

    References:
        Generative Adversarial Nets (Goodfellow et al. 2014), section 3, arXiv 1406.2661.

    Args:
        generator: Latents (N, latent_dim), and labels where it is conditional, to samples.
        prior: Where latents come from; N(0, I) by default.
        medium: What samples are made of; by default images, or points where they have one axis,
            solids or clips where they have four.

    Raises:
        ValueError: If the prior's latents are not of the generator's length.
    """

    takes = ("x",)
    reads_data = False

    def __init__(
        self, generator: Generator, prior: Prior | None = None, medium: Medium | None = None
    ) -> None:
        super().__init__()
        self.generator = generator
        self.prior = prior or Normal(generator.latent_dim)
        shape = generator.sample_shape
        self.medium = medium or usual_medium(shape)
        self.num_classes = generator.num_classes
        self.labels_are_drawn = getattr(self.prior, "num_classes", 0) > 0
        if self.prior.dim != generator.latent_dim:
            raise ValueError(
                f"the prior draws {self.prior.dim} latents and the generator takes "
                f"{generator.latent_dim}; make prior.dim and latent_dim equal"
            )
        if self.num_classes and not generator.sees_labels:
            raise ValueError(
                f"labels for batch norm need batch norm, which this {type(generator).__name__} has "
                "not; use conditioning=concatenation"
            )
        if self.labels_are_drawn and self.prior.num_classes != self.num_classes:
            raise ValueError(
                f"the prior draws codes of {self.prior.num_classes} values and the generator knows "
                f"{self.num_classes} classes; make num_classes equal"
            )

    def forward(self, batch: Sample) -> Round:
        """Draw as many samples as the minibatch has, and labels like its own."""
        latent = dict(self.prior(len(batch["x"])))
        hidden = {"x"} if self.num_classes else {"x", "label"}  # no label made these samples
        beside = {name: value for name, value in batch.items() if name not in hidden} | latent
        return Round(batch, {"x": self.draw(beside), **beside})

    def draw(self, given: Sample) -> Tensor:
        """Return samples for latents ``z`` and, where the generator is conditional, ``label``."""
        if not self.num_classes:
            return cast(Tensor, self.generator(given["z"]))
        if "label" not in given:
            raise LabError("this generator is conditional and the data has no labels")
        return cast(Tensor, self.generator(given["z"], given["label"]))

    def latents(self, count: int, random: torch.Generator) -> Sample:
        """Return latents ``z`` alone: classes are taken in turn."""
        return {"z": self.prior(count, random)["z"]}

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        """Return samples; classes that are not given are taken in turn."""
        device = self.prior.device_like.device
        given = {name: value.to(device) for name, value in given.items()}
        drawn = {} if "z" in given else dict(self.prior(count))
        if self.num_classes:
            drawn["label"] = torch.arange(count, device=device) % self.num_classes
        made = {**drawn, **given}
        return {"x": self.draw(made), **made}


def usual_medium(shape: Sequence[int]) -> Medium:
    """Return what samples of a shape are made of, where nobody says otherwise."""
    if len(shape) == 4:
        return Voxels(shape) if shape[0] == 1 else Video(shape)
    return Points(shape) if len(shape) == 1 else Image(shape)
