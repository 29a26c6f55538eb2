"""One network between many domains."""

from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from gan_lab.contracts import Direction, Medium, Round, Sample, Translating
from gan_lab.errors import LabError
from gan_lab.models import Translator
from gan_lab.models.inputs import with_planes


class Domains(Translating):
    r"""Translate samples of any domain to any other, which is told as planes, and back.

    .. math:: \tilde x = G(x, c'), \qquad \hat x = G(\tilde x, c)

    Target domains are the minibatch's own labels in another order. Directions are named by the
    target: to_0, to_1 and so on; there are no pairs to compare with.

    References:
        StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image
        Translation (Choi et al. 2018), section 3.1, arXiv 1711.09020.

    Args:
        translator: Samples, and a plane for each domain beside them, to samples.
        medium: Of all domains.
        num_classes: How many domains there are.

    Raises:
        ValueError: If the translator has no plane for each, or makes other channels.
    """

    takes = ("x", "label")

    def __init__(self, translator: Translator, medium: Medium, num_classes: int) -> None:
        super().__init__()
        self.translator, self.medium, self.num_classes = translator, medium, num_classes
        self.directions = {f"to_{label}": Direction("x", "x") for label in range(num_classes)}
        if num_classes < 2 or translator.beside != num_classes:
            raise ValueError(
                f"the translator has room for {translator.beside} planes beside the image, and "
                f"there are {num_classes} domains; both must be the same number, 2 or more"
            )
        if not translator.inputs == translator.outputs == medium.shape[0]:
            raise ValueError(
                f"all domains have the {medium.shape[0]} channel(s) of the medium; the translator "
                f"makes {translator.outputs} of {translator.inputs}"
            )

    def forward(self, batch: Sample) -> Round:
        """Translate a minibatch to other domains and back to its own."""
        x, label = batch["x"], batch["label"]
        target = label[torch.randperm(len(label)).to(label.device)]
        made = self.made(x, target)
        again = self.made(made, label)
        return Round(batch, {**batch, "x": made, "label": target}, {"cycle_x": again})

    def made(self, images: Tensor, label: Tensor) -> Tensor:
        """Return translations of images to the domains that labels (N,) name."""
        planes = one_hot(label, self.num_classes)
        return cast(Tensor, self.translator(with_planes(images, planes)))

    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        """Return ``source`` and the target ``label``, another than its own where none is named."""
        images = batch[self.direction(direction).source]
        if direction is not None:
            label = torch.full((len(images),), self.label_of(direction), device=images.device)
            return {"source": images, "label": label}
        device = images.device if random is None else random.device
        step = torch.randint(1, self.num_classes, (len(images),), generator=random, device=device)
        label = (batch["label"] + step.to(images.device)) % self.num_classes
        return {"source": images, "label": label}

    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        images = source["source"]
        if direction is not None:
            self.direction(direction)
            label = torch.full((len(images),), self.label_of(direction), device=images.device)
        elif "label" in source:
            label = source["label"]
        else:
            raise LabError(f"say to which domain: direction is one of {', '.join(self.directions)}")
        return {"x": self.made(images, label), "label": label}

    def label_of(self, direction: str) -> int:
        """Return the domain that a direction leads to."""
        return list(self.directions).index(direction)

    def truth(self, batch: Sample, direction: str | None = None) -> Tensor | None:
        return None

    def source_medium(self, direction: str | None = None) -> Medium:
        self.direction(direction)
        return self.medium
