"""The small classifier of spoken digits whose hidden layer is the space that sounds compare in."""

import torch
from torch import Tensor, nn

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.media import Audio, LogMel
from gan_lab.media.image import require_finite
from gan_lab.metrics.classifier import FEATURES, convolution
from gan_lab.metrics.features import DIGESTS, WEIGHTS, Activations, FeatureNetwork, read_weights

LENGTH, RATE, BANDS = 4096, 8000, 40
NAME = "spoken_digits"


class SpeechClassifier(nn.Module):
    """Three convolutions over a log-mel spectrum, 64 standardised features, ten logits.

    For sounds of 4,096 samples, 8,000 a second; see :class:`gan_lab.metrics.classifier.Classifier`.

    Args:
        classes: Number of classes.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.mel = LogMel(RATE, 256, 128, BANDS)
        self.embed = nn.Sequential(
            nn.BatchNorm2d(1),
            *convolution(1, 16),
            nn.MaxPool2d(2),
            *convolution(16, 32),
            nn.MaxPool2d(2),
            *convolution(32, 64),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * (BANDS // 8) * (LENGTH // 1024), FEATURES, bias=False),
            nn.BatchNorm1d(FEATURES, affine=False),
        )
        self.classify = nn.Sequential(nn.ReLU(), nn.Linear(FEATURES, classes))

    def forward(self, sounds: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (N, 64) and logits (N, classes) of sounds (N, 1, 4096) in [-1, 1]."""
        features = self.embed(self.mel(sounds)[:, None])
        return features, self.classify(features)


class SpokenDigitFeatures(FeatureNetwork):
    """The hidden layer of the classifier shipped for ``data=spoken_digits``.

    It was trained on voices that the test split does not have, by
    benchmarks/train_speech_classifier.py.

    Args:
        medium: What the samples are made of: sounds of 4,096 samples, 8,000 a second.

    Raises:
        ValueError: If they are not.
        LabError: If the shipped weights are damaged.
    """

    name = f"{NAME}_classifier"
    num_features = FEATURES
    num_classes = 10

    def __init__(self, medium: Medium) -> None:
        super().__init__()
        fits = isinstance(medium, Audio) and medium.shape == (1, LENGTH) and medium.rate == RATE
        if not fits:
            raise ValueError(
                f"metrics/features=spoken_digits takes sounds of {LENGTH} samples, {RATE} a "
                "second; use metrics=none for others"
            )
        self.medium = medium
        self.digest = DIGESTS[NAME]
        with torch.random.fork_rng(devices=[]):  # drawn weights are replaced at once
            self.classifier = SpeechClassifier()
        self.classifier.load_state_dict(read_weights(WEIGHTS / f"{NAME}.safetensors"))
        self.requires_grad_(False).eval()

    def forward(self, samples: Tensor) -> Activations:
        if tuple(samples.shape[1:]) != self.medium.shape:
            raise LabError(
                f"samples must have shape {list(self.medium.shape)}, got {list(samples.shape[1:])}"
            )
        if samples.is_floating_point():
            require_finite(samples)
        heard = self.medium.to_float(self.medium.to_raw(samples))  # as a file would hold them
        return Activations(*self.classifier(heard))
