"""The spaces that samples are compared in, each with a name that every reported number carries."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor, nn

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.media import Image, Points
from gan_lab.media.image import require_finite, to_bytes
from gan_lab.metrics.classifier import FEATURES, Classifier

WEIGHTS = Path(__file__).parent / "weights"
DIGIT = Image((1, 28, 28))

DIGESTS = {
    "mnist": "2bab88e90624201775f651021a6eb0eee3be8dbe386efbda8fe5d9f0808ef19f",
    "shape_motion": "7756222df7a7787920b9f15d3f7c82982a9bcaadd35b90f71d036609b9bd644e",
    "solids": "2cb79cf0e984174a5ca737ad40ce1e2af596bca643264b6d81e7055519f97fa3",
    "fashion_mnist": "708a9a981353e29f7fada521e4b8776b500de2810696df444871ee4f1dd97379",
    "spoken_digits": "0468d1226be17a4b826d9c0d9701786bb1f9ce9c7c537c16ecbbf6219655138f",
}
"""SHA-256 of weights/<name>.safetensors, which benchmarks/train_*classifier.py make and print."""

DIGITS = "mnist", "fashion_mnist"
"""Data sets whose classifier looks at grey images of 28×28 pixels."""


@dataclass(frozen=True)
class Activations:
    """Features (N, d) of N samples.

    Attributes:
        features: Shape (N, d).
        logits: Shape (N, classes), where the network classifies.
        labels: Shape (N,), the samples' classes, or those asked for, where they are known.
        beside: What else the network tells of each sample, (N, ...) by name: of a clip's frames, of
            a solid's cubes.
        samples: Shape (N, *shape), what they are of, where a metric asks for them; they may lie on
            the disk.
    """

    features: Tensor
    logits: Tensor | None = None
    labels: Tensor | None = None
    beside: Mapping[str, Tensor] = field(default_factory=dict)
    samples: Any = None

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.features)

    def __getitem__(self, index: Tensor | slice) -> "Activations":
        """Return the activations of some of the samples."""
        logits = None if self.logits is None else self.logits[index]
        labels = None if self.labels is None else self.labels[index]
        beside = {name: values[index] for name, values in self.beside.items()}
        samples = self.samples
        if samples is not None and isinstance(index, Tensor):  # those on the disk stay there
            samples = samples[index] if isinstance(samples, Tensor) else samples.select(index)
        elif samples is not None:
            samples = samples[index]
        return Activations(self.features[index], logits, labels, beside, samples)

    def to(self, device: torch.device) -> "Activations":
        """Return the activations on a device."""
        logits = None if self.logits is None else self.logits.to(device)
        labels = None if self.labels is None else self.labels.to(device)
        beside = {name: values.to(device) for name, values in self.beside.items()}
        return Activations(self.features.to(device), logits, labels, beside, self.samples)


class FeatureNetwork(nn.Module, ABC):
    """Maps samples, real or generated, to activations; always in evaluation mode, never trained.

    Attributes:
        name: What the numbers measured with it are labelled by.
        digest: Identifies the weights, so that cached activations can never be of others.
        num_features: Length d of a feature vector.
        num_classes: Length of a logit vector, or None where the network does not classify.
        tells: Names of what it tells beside features and logits.
    """

    name: str
    digest: str
    num_features: int
    num_classes: int | None = None
    tells: tuple[str, ...] = ()

    @abstractmethod
    def forward(self, samples: Tensor) -> Activations:
        """Return the activations of samples (N, *shape), uint8 or float in [-1, 1].

        Raises:
            LabError: If the samples have the wrong shape, or values out of range.
        """

    def maps(self, images: Tensor) -> list[Tensor]:
        """Return each layer's maps (N, F, H, W) of images in [-1, 1], for terms to differentiate.

        Raises:
            LabError: If the network has no maps to give, or takes other images.
        """
        raise LabError(
            f"{self.name} has no maps that a term could read; use metrics/features=mnist, "
            "fashion_mnist or random"
        )

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
        if dataset not in DIGITS:
            raise ValueError(f"features.dataset must be one of {sorted(DIGITS)}, got {dataset!r}")
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
        digits = DIGIT.to_float(self.digits(to_bytes(samples)))
        features, logits = self.classifier(digits)
        joint, *others = logits.log_softmax(1).unflatten(0, (-1, self.channels)).unbind(1)
        for other in others:
            joint = (joint[:, :, None] + other[:, None, :]).flatten(1)
        return Activations(features.unflatten(0, (-1, self.channels)).flatten(1), joint)

    def digits(self, samples: Tensor) -> Tensor:
        """Return the middle of each channel as an image of its own, shape (N·channels, 1, 28, 28).

        Raises:
            LabError: If the samples have the wrong shape.
        """
        expected = samples.ndim == 4 and samples.shape[1] == self.channels
        if not expected or min(samples.shape[2:]) < 28:
            raise LabError(
                f"{self.name} takes images of {self.channels} channel(s) and at least 28×28 "
                f"pixels, got samples of shape {list(samples.shape[1:])}; metrics/features=raw "
                "takes any"
            )
        top, left = ((size - 28) // 2 for size in samples.shape[2:])
        middle = samples[:, :, top : top + 28, left : left + 28]
        return middle.reshape(-1, *DIGIT.shape)

    def maps(self, images: Tensor) -> list[Tensor]:
        maps, found = self.digits(images), []
        for layer in self.classifier.embed[:-2]:
            maps = layer(maps)
            if isinstance(layer, nn.BatchNorm2d):  # before the rectifier: ESRGAN, section 3.3
                found.append(maps)
        return found


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
        if not isinstance(self.medium, Points):  # as a file would hold them
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
    beside = {n: torch.cat([part.beside[n] for part in parts]) for n in parts[0].beside}
    return Activations(features, torch.cat(logits) if logits else None, beside=beside)
