"""Small classifiers that are trained along with a translation."""

from collections.abc import Sequence

from torch import Tensor, nn

from gan_lab.models.arguments import require_shape, require_size


class ConvClassifier(nn.Module):
    """Two convolutions with pooling and two dense layers, to class logits (N, classes).

    References:
        Unsupervised Pixel-Level Domain Adaptation with Generative Adversarial Networks (Bousmalis
        et al. 2017), appendix B, arXiv 1612.05424: 32 and 48 channels of 5×5, twice 100 units.

    Args:
        input_shape: (channels, height, width).
        classes: Number of classes, positive.
        widths: Channels of both convolutions.
        units: Of both dense layers, positive.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (3, 28, 28),
        classes: int = 10,
        widths: Sequence[int] = (32, 48),
        units: int = 100,
    ) -> None:
        super().__init__()
        self.input_shape = require_shape(input_shape)
        self.classes = require_size("classes", classes)
        channels, height, width = self.input_shape
        layers: list[nn.Module] = []
        for wider in widths:
            layers += [
                nn.Conv2d(channels, require_size("widths", wider), 5, padding=2),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(2),
            ]
            channels, height, width = wider, height // 2, width // 2
        flat = require_size("the map before the dense layers", channels * height * width)
        self.layers = nn.Sequential(
            *layers,
            nn.Flatten(),
            nn.Linear(flat, require_size("units", units)),
            nn.ReLU(inplace=True),
            nn.Linear(units, units),
            nn.ReLU(inplace=True),
            nn.Linear(units, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return class logits of images (N, *input_shape)."""
        logits: Tensor = self.layers(images)
        return logits
