"""From a backbone's features to logits."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from gan_lab.contracts import Sample
from gan_lab.models.arguments import require_labels, require_size
from gan_lab.models.normalisation import Norm, normalisation


class Readout(nn.Module, ABC):
    """Turns features into logits.

    Attributes:
        reads: Keys of a sample that it needs beside the features.
        num_classes: Labels that it knows, 0 where it reads none.
    """

    reads: tuple[str, ...] = ()
    num_classes: int = 0

    @abstractmethod
    def forward(self, features: Tensor, sample: Sample) -> Tensor:
        """Return logits (N,) for features (N, F), or (N, ...) for maps (N, F, ...)."""


class LinearReadout(Readout):
    """One linear map, the same for every patch.

    Args:
        features: F.
        bias: Whether a constant is added; SNGAN's and R3GAN's code add none.
    """

    def __init__(self, features: int, bias: bool = True) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1, bias)

    def forward(self, features: Tensor, sample: Sample) -> Tensor:
        if features.ndim > 2:
            features = features.movedim(1, -1)
        logits: Tensor = self.linear(features).squeeze(-1)
        return logits


class Embedding(Readout):
    """One linear map to a vector: for losses that compare samples by a kernel.

    Args:
        features: F.
        outputs: Length of the vector, positive.
        bias: Whether a constant is added.
    """

    def __init__(self, features: int, outputs: int = 16, bias: bool = True) -> None:
        super().__init__()
        self.linear = nn.Linear(features, require_size("outputs", outputs), bias)

    def forward(self, features: Tensor, sample: Sample) -> Tensor:
        pooled = features if features.ndim == 2 else features.flatten(2).mean(dim=2)
        logits: Tensor = self.linear(pooled)
        return logits


class Recogniser(nn.Sequential):
    """From features to what second heads say, through a hidden layer of their own.

    References:
        InfoGAN (Chen et al. 2016), appendix C.1, arXiv 1606.03657, and the authors' code,
        openai/InfoGAN, infogan/models/regularized_gan.py: Q has 128 units with batch norm above
        the features that it shares with D.

    Args:
        features: F.
        outputs: Numbers that all heads say together.
        units: Of the hidden layer, positive.
        norm: "batch" as published; "layer" or "none" under a per-sample penalty.
        negative_slope: Of the LeakyReLU after it; 0.01 in the authors' code.
    """

    def __init__(
        self,
        features: int,
        outputs: int,
        units: int = 128,
        norm: Norm = "batch",
        negative_slope: float = 0.01,
    ) -> None:
        super().__init__(
            nn.Linear(features, require_size("units", units)),
            nn.Unflatten(1, (units, 1, 1)),  # the norms here are for maps
            normalisation(norm, units),
            nn.Flatten(),
            nn.LeakyReLU(negative_slope, inplace=True),
            nn.Linear(units, outputs),
        )


class ProjectionReadout(LinearReadout):
    """A linear map, and the inner product of features with the label's embedding.

    The embedding is drawn from U(-1/√F, 1/√F), as a linear map of F features is, unless the
    backbone has a law for it. One from N(0, 1), torch's default, drowns everything else: DCGAN's
    logits then have a deviation of 39 at the start, and nothing is learnt without spectral norm.

    References:
        cGANs with Projection Discriminator (Miyato and Koyama 2018), equation
        3, arXiv 1802.05637, and the authors' code, pfnet-research/sngan_projection,
        dis_models/snresnet_32.py, which draws both by Glorot's law.

    Args:
        features: F.
        num_classes: Number of labels, positive.
        bias: See :class:`LinearReadout`.
    """

    reads = ("label",)

    def __init__(self, features: int, num_classes: int, bias: bool = True) -> None:
        super().__init__(features, bias)
        self.num_classes = require_size("num_classes", num_classes)
        self.embedding = nn.Embedding(num_classes, features)
        nn.init.uniform_(self.embedding.weight, -(features**-0.5), features**-0.5)

    def forward(self, features: Tensor, sample: Sample) -> Tensor:
        labels = require_labels("discriminator", sample.get("label"), self.num_classes)
        assert labels is not None
        embedded = self.embedding(labels).reshape(*features.shape[:2], *[1] * (features.ndim - 2))
        logits: Tensor = super().forward(features, sample) + (embedded * features).sum(dim=1)
        return logits
