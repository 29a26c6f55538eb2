"""The small classifier whose hidden layer is the space that images are compared in."""

from torch import Tensor, nn

FEATURES = 64


class Classifier(nn.Module):
    """Three convolutions, 64 standardised features, ten logits; for 28×28 grey images.

    The features stand before the last non-linearity and are normalised to unit
    variance over the training set, so that each of the 64 dimensions is alive
    and counts alike, and 10,000 samples determine their covariance well.

    Args:
        classes: Number of classes.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.embed = nn.Sequential(
            *convolution(1, 32),
            nn.MaxPool2d(2),
            *convolution(32, 64),
            nn.MaxPool2d(2),
            *convolution(64, 128),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(128 * 3 * 3, FEATURES, bias=False),
            nn.BatchNorm1d(FEATURES, affine=False),
        )
        self.classify = nn.Sequential(nn.ReLU(), nn.Linear(FEATURES, classes))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (N, 64) and logits (N, classes) of images (N, 1, 28, 28) in [-1, 1]."""
        features = self.embed(images)
        return features, self.classify(features)


def convolution(before: int, after: int) -> list[nn.Module]:
    """Return a 3×3 convolution that keeps the size, with batch norm and ReLU."""
    return [
        nn.Conv2d(before, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    ]
