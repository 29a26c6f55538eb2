"""From a backbone's features to logits."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from gan_lab.contracts import Sample
from gan_lab.models.arguments import require_labels, require_size


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
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1)

    def forward(self, features: Tensor, sample: Sample) -> Tensor:
        if features.ndim > 2:
            features = features.movedim(1, -1)
        logits: Tensor = self.linear(features).squeeze(-1)
        return logits


class ProjectionReadout(LinearReadout):
    """A linear map, and the inner product of features with the label's embedding.

    References:
        cGANs with Projection Discriminator (Miyato and Koyama 2018), equation
        3, arXiv 1802.05637.

    Args:
        features: F.
        num_classes: Number of labels, positive.
    """

    reads = ("label",)

    def __init__(self, features: int, num_classes: int) -> None:
        super().__init__(features)
        self.num_classes = require_size("num_classes", num_classes)
        self.embedding = nn.Embedding(num_classes, features)

    def forward(self, features: Tensor, sample: Sample) -> Tensor:
        labels = require_labels("discriminator", sample.get("label"), self.num_classes)
        assert labels is not None
        embedded = self.embedding(labels).reshape(*features.shape[:2], *[1] * (features.ndim - 2))
        logits: Tensor = super().forward(features, sample) + (embedded * features).sum(dim=1)
        return logits
