"""The spaces that samples are compared in, each with a name that every reported number carries."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load
from torch import Tensor, nn

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.media import Image
from gan_lab.media.image import require_finite, to_bytes
from gan_lab.metrics.classifier import FEATURES, Classifier

WEIGHTS = Path(__file__).parent / "weights"
DIGIT = Image((1, 28, 28))

DIGESTS = {
    "mnist": "2bab88e90624201775f651021a6eb0eee3be8dbe386efbda8fe5d9f0808ef19f",
    "fashion_mnist": "708a9a981353e29f7fada521e4b8776b500de2810696df444871ee4f1dd97379",
}
"""SHA-256 of weights/<name>.safetensors; benchmarks/train_classifier.py makes and prints them."""


@dataclass(frozen=True)
class Activations:
    """Features (N, d) of N samples.

    Attributes:
        features: Shape (N, d).
        logits: Shape (N, classes), where the network classifies.
        labels: Shape (N,), the samples' classes, or those asked for, where they are known.
    """

    features: Tensor
    logits: Tensor | None = None
    labels: Tensor | None = None

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.features)

    def __getitem__(self, index: Tensor | slice) -> "Activations":
        """Return the activations of some of the samples."""
        logits = None if self.logits is None else self.logits[index]
        labels = None if self.labels is None else self.labels[index]
        return Activations(self.features[index], logits, labels)

    def to(self, device: torch.device) -> "Activations":
        """Return the activations on a device."""
        logits = None if self.logits is None else self.logits.to(device)
        labels = None if self.labels is None else self.labels.to(device)
        return Activations(self.features.to(device), logits, labels)


class FeatureNetwork(nn.Module, ABC):
    """Maps samples, real or generated, to activations; always in evaluation mode, never trained.

    Attributes:
        name: What the numbers measured with it are labelled by.
        digest: Identifies the weights, so that cached activations can never be of others.
        num_features: Length d of a feature vector.
        num_classes: Length of a logit vector, or None where the network does not classify.
    """

    name: str
    digest: str
    num_features: int
    num_classes: int | None = None

    @abstractmethod
    def forward(self, samples: Tensor) -> Activations:
        """Return the activations of samples (N, *shape), uint8 or float in [-1, 1].

        Raises:
            LabError: If the samples have the wrong shape, or values out of range.
        """

    def train(self, mode: bool = True) -> "FeatureNetwork":
        """Stay in evaluation mode."""
        return super().train(False)


class ClassifierFeatures(FeatureNetwork):
    """The hidden layer of the classifier shipped for a data set of 28×28 images.

    Images larger than 28×28 are cropped to their centre, which undoes the
    padding that larger digits are given. Images of several channels, one digit
    in each (Stacked MNIST), are classified channel by channel: their features
    are joined, and their classes are all combinations, so 1,000 for three.

    Args:
        dataset: "mnist" or "fashion_mnist".
        channels: Channels of an image.

    Raises:
        ValueError: If no classifier is shipped for ``dataset``, or ``channels`` is not 1 to 3.
        LabError: If the shipped weights are damaged.
    """

    def __init__(self, dataset: str = "mnist", channels: int = 1) -> None:
        super().__init__()
        if dataset not in DIGESTS:
            raise ValueError(f"features.dataset must be one of {sorted(DIGESTS)}, got {dataset!r}")
        if not 1 <= channels <= 3:
            raise ValueError(f"features.channels must be 1, 2 or 3, got {channels}")
        self.name = f"{dataset}_classifier"
        self.digest = DIGESTS[dataset]
        self.channels = channels
        self.num_features = FEATURES * channels
        self.num_classes = 10**channels
        with torch.device("meta"):  # without drawing weights, which would move the run's noise on
            self.classifier = Classifier()
        weights = read_weights(WEIGHTS / f"{dataset}.safetensors")
        self.classifier.load_state_dict(weights, assign=True)
        self.requires_grad_(False).eval()

    def forward(self, samples: Tensor) -> Activations:
        expected = samples.ndim == 4 and samples.shape[1] == self.channels
        if not expected or min(samples.shape[2:]) < 28:
            raise LabError(
                f"{self.name} takes images of {self.channels} channel(s) and at least 28×28 "
                f"pixels, got samples of shape {list(samples.shape[1:])}; metrics/features=raw "
                "takes any"
            )
        top, left = ((size - 28) // 2 for size in samples.shape[2:])
        images = to_bytes(samples)[:, :, top : top + 28, left : left + 28]
        features, logits = self.classifier(DIGIT.to_float(images.reshape(-1, *DIGIT.shape)))
        joint, *others = logits.log_softmax(1).unflatten(0, (-1, self.channels)).unbind(1)
        for other in others:
            joint = (joint[:, :, None] + other[:, None, :]).flatten(1)
        return Activations(features.unflatten(0, (-1, self.channels)).flatten(1), joint)


class InceptionFeatures(FeatureNetwork):
    """Inception v3 as FID was defined: 2048 features, 1008 logits without bias.

    The weights are torch-fidelity's port of the original ones, fetched once
    and kept in torch's hub folder. Images are resized to 299×299 and grey ones
    repeated to three channels; on MNIST these features mean little.

    References:
        GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
        Equilibrium (Heusel et al. 2017), arXiv 1706.08500.

    Args:
        weights: A file of the weights where they cannot be downloaded.

    Raises:
        LabError: If torch-fidelity is not installed or the weights cannot be had.
    """

    name = "inception"
    digest = "pt_inception-2015-12-05-6726825d"
    num_features = 2048
    num_classes = 1008

    def __init__(self, weights: str | None = None) -> None:
        super().__init__()
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError as error:
            raise LabError(
                "metrics/features=inception needs torch-fidelity: pip install torch-fidelity; "
                "or choose metrics/features=mnist, which needs no download"
            ) from error
        layers = ["2048", "logits_unbiased"]
        try:
            self.inception = FeatureExtractorInceptionV3("inception", layers, weights)
        except (OSError, RuntimeError) as error:
            raise LabError(
                f"the weights of Inception cannot be read or downloaded ({error}); give the file "
                "as metrics.features.weights=PATH, or choose metrics/features=mnist"
            ) from error

    def forward(self, samples: Tensor) -> Activations:
        if samples.ndim != 4 or samples.shape[1] not in (1, 3):
            raise LabError(
                f"inception takes images of 1 or 3 channels, got shape {list(samples.shape[1:])}"
            )
        images = to_bytes(samples)
        features, logits = self.inception(images.expand(-1, 3, -1, -1).contiguous())
        return Activations(features, logits)


class RawFeatures(FeatureNetwork):
    """The samples themselves, flattened: for points in the plane, and for images as a baseline.

    Args:
        medium: What the samples are made of.
    """

    digest = "raw"

    def __init__(self, medium: Medium) -> None:
        super().__init__()
        self.medium = medium
        self.name = "pixels" if isinstance(medium, Image) else medium.name
        self.num_features = torch.Size(medium.shape).numel()

    def forward(self, samples: Tensor) -> Activations:
        shape = list(self.medium.shape)
        if list(samples.shape[1:]) != shape:
            raise LabError(f"samples must have shape {shape}, got {list(samples.shape[1:])}")
        if isinstance(self.medium, Image):  # as a file would hold them
            samples = self.medium.to_float(to_bytes(samples))
        require_finite(samples)
        return Activations(samples.flatten(1).float())


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a shipped safetensors file, having checked its SHA-256.

    Raises:
        LabError: If the file is absent or is not the shipped one.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LabError(f"cannot read {path} ({error}); install gan_lab again") from error
    if hashlib.sha256(content).hexdigest() != DIGESTS[path.stem]:
        raise LabError(
            f"{path} is not the file that was shipped, so its numbers would compare with no "
            "others; install gan_lab again"
        )
    return load(content)


@torch.inference_mode()
def activations(network: FeatureNetwork, batches: Tensor | Iterable[Tensor]) -> Activations:
    """Return the activations of all samples, computed a batch at a time where the network lives.

    Args:
        network: Computes them.
        batches: Samples (n, *shape) each, or one tensor of all.
    """
    batches = torch.split(batches, 500) if isinstance(batches, Tensor) else batches
    device = next((p.device for p in network.parameters()), None)
    return join([network(batch if device is None else batch.to(device)) for batch in batches])


def join(parts: list[Activations]) -> Activations:
    """Return batches of activations as one."""
    logits = [part.logits for part in parts if part.logits is not None]
    features = torch.cat([part.features for part in parts])
    return Activations(features, torch.cat(logits) if logits else None)
