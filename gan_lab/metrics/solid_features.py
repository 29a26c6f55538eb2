"""The spaces that solids are compared in."""

import hashlib

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool3d, leaky_relu

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.media import Voxels
from gan_lab.media.image import to_bytes
from gan_lab.metrics.features import DIGESTS, WEIGHTS, Activations, FeatureNetwork, read_weights

EDGE, FEATURES, CLASSES = 16, 64, 6
WIDTH, LAYERS, POOLED = 16, 3, 2


class SolidClassifier(nn.Module):
    """Three convolutions, 64 standardised features, six logits; for solids of 16³ cubes.

    As in :class:`gan_lab.metrics.classifier.Classifier`, features stand before the last
    non-linearity, with unit variance each over the training set.
    """

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Sequential(
            *convolution(1, 16),
            *convolution(16, 32),
            *convolution(32, 64),
            nn.Flatten(),
            nn.Linear(64 * 2**3, FEATURES, bias=False),
            nn.BatchNorm1d(FEATURES, affine=False),
        )
        self.classify = nn.Sequential(nn.ReLU(), nn.Linear(FEATURES, CLASSES))

    def forward(self, solids: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (N, 64) and logits (N, 6) of solids (N, 1, D, H, W) in [-1, 1]."""
        features = self.embed(adaptive_avg_pool3d(solids, EDGE))
        return features, self.classify(features)


def convolution(before: int, after: int) -> list[nn.Module]:
    """Return a 3×3×3 convolution with batch norm and ReLU, and a halving."""
    return [
        nn.Conv3d(before, after, 3, padding=1, bias=False),
        nn.BatchNorm3d(after),
        nn.ReLU(),
        nn.MaxPool3d(2),
    ]


class SolidFeatures(FeatureNetwork):
    """The classifier shipped for ``data=solids``, of 16³ cubes or a multiple: 64 features.

    Beside its logits it tells the filled cubes (``solid``).

    Raises:
        LabError: If the shipped weights are damaged.
    """

    name = "solids_classifier"
    num_features = FEATURES
    num_classes = CLASSES
    tells = ("solid",)

    def __init__(self) -> None:
        super().__init__()
        self.digest = DIGESTS["solids"]
        with torch.device("meta"):  # without drawing weights, which would move the run's noise on
            self.classifier = SolidClassifier()
        weights = read_weights(WEIGHTS / "solids.safetensors")
        self.classifier.load_state_dict(weights, assign=True)
        self.requires_grad_(False).eval()

    def forward(self, samples: Tensor) -> Activations:
        if samples.ndim != 5 or any(side % EDGE for side in samples.shape[2:]):
            raise LabError(
                f"{self.name} takes solids of {EDGE}³ cubes or a multiple, got samples of shape "
                f"{list(samples.shape[1:])}; metrics/features=volumes takes any solids"
            )
        filled = filled_cubes(samples)
        features, logits = self.classifier(2.0 * filled - 1)
        return Activations(features, logits, beside={"solid": filled[:, 0]})


class VolumeFeatures(FeatureNetwork):
    """Random strided convolutions of any solids, averaged over the eighths of the grid.

    512 features, and beside them the filled cubes (``solid``).

    References:
        Reliable Fidelity and Diversity Metrics for Generative Models (Naeem et al. 2020), section
        3.3, arXiv 2002.09797, for random weights.

    Args:
        medium: What the samples are made of: solids of at least 8³ cubes.
        seed: Of the weights.

    Raises:
        ValueError: If the samples are no such solids.
    """

    num_features = WIDTH * 2 ** (LAYERS - 1) * POOLED**3
    tells = ("solid",)

    def __init__(self, medium: Medium, seed: int = 0) -> None:
        super().__init__()
        if not isinstance(medium, Voxels) or min(medium.shape[1:]) < 8:
            raise ValueError(
                f"metrics/features=volumes takes solids of at least 8³ cubes, got {medium.name} of "
                f"shape {list(medium.shape)}; metrics/features=raw takes any samples"
            )
        self.medium = medium
        self.name = "random_volumes" if seed == 0 else f"random_volumes_{seed}"
        generator = torch.Generator().manual_seed(seed)
        channels, digest = 1, hashlib.sha256()
        self.kernels = nn.ParameterList()
        for layer in range(LAYERS):
            width = WIDTH * 2**layer
            deviation = (2 / (channels * 64)) ** 0.5  # keeps the features' scale: He et al. 2015
            kernel = torch.randn(width, channels, 4, 4, 4, generator=generator) * deviation
            digest.update(kernel.numpy().tobytes())
            self.kernels.append(nn.Parameter(kernel, requires_grad=False))
            channels = width
        self.digest = digest.hexdigest()

    def forward(self, samples: Tensor) -> Activations:
        shape = list(self.medium.shape)
        if list(samples.shape[1:]) != shape:
            raise LabError(f"samples must have shape {shape}, got {list(samples.shape[1:])}")
        filled = filled_cubes(samples)
        maps = 2.0 * filled - 1
        for kernel in self.kernels:
            maps = leaky_relu(torch.conv3d(maps, kernel, stride=2, padding=1), 0.2)
        pooled = adaptive_avg_pool3d(maps, POOLED).flatten(1)
        return Activations(pooled, beside={"solid": filled[:, 0]})


def filled_cubes(samples: Tensor) -> Tensor:
    """Return which cubes are filled, uint8 0 or 1, as a mesh of the samples would have them."""
    return (to_bytes(samples) >= 128).byte()
