"""The spaces that clips are compared in."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, leaky_relu

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.media import Image, Video
from gan_lab.media.image import to_bytes, to_float
from gan_lab.metrics.clip_classifier import FEATURES, ClipClassifier
from gan_lab.metrics.features import (
    DIGESTS,
    WEIGHTS,
    Activations,
    FeatureNetwork,
    join,
    read_weights,
)
from gan_lab.metrics.random_features import LAYERS, WIDTH, RandomFeatures

LIT = 64
"""A pixel whose strongest channel is at least so bright, of 255, belongs to the shape."""

AT_ONCE = 50
"""Clips whose maps, of all their frames, are held together."""


class ShapeMotionFeatures(FeatureNetwork):
    """The classifier shipped for ``data=shape_motion``, of any size: 64 features of a clip.

    It tells apart the motion of a clip and the shape in each frame; its four logits are of label
    2·motion + shape. Beside them it tells each frame's features (``frames``), probabilities of
    shapes (``shapes``) and mean colour of lit pixels (``colours``, from 0 to 255).

    Raises:
        LabError: If the shipped weights are damaged.
    """

    name = "shape_motion_classifier"
    num_features = FEATURES
    num_classes = 4
    tells = "frames", "shapes", "colours"

    def __init__(self) -> None:
        super().__init__()
        self.digest = DIGESTS["shape_motion"]
        with torch.device("meta"):  # without drawing weights, which would move the run's noise on
            self.classifier = ClipClassifier()
        weights = read_weights(WEIGHTS / "shape_motion.safetensors")
        self.classifier.load_state_dict(weights, assign=True)
        self.requires_grad_(False).eval()

    def forward(self, samples: Tensor) -> Activations:
        if samples.ndim != 5 or samples.shape[1] != 3:
            raise LabError(
                f"{self.name} takes coloured clips, got samples of shape "
                f"{list(samples.shape[1:])}; metrics/features=frames takes any"
            )
        return join([self.seen(part) for part in torch.split(to_bytes(samples), AT_ONCE)])

    def seen(self, pixels: Tensor) -> Activations:
        """Return the activations of a few uint8 clips."""
        features, motion, frames, shapes = self.classifier(to_float(pixels))
        probabilities = shapes.softmax(2)
        shape = shapes.log_softmax(2).mean(1)
        logits = motion.log_softmax(1)[:, :, None] + shape[:, None]
        beside = {"frames": frames, "shapes": probabilities, "colours": lit_colours(pixels)}
        return Activations(features, logits.flatten(1), beside=beside)


class FrameFeatures(FeatureNetwork):
    """Random convolutions of each frame, of any clips: their mean, and how they change.

    256 features of a clip: the mean over its frames of 128 of each, and the mean absolute
    difference of those of successive frames, which a clip without motion has none of. Beside them
    it tells the features of each frame (``frames``).

    References:
        Reliable Fidelity and Diversity Metrics for Generative Models (Naeem et al. 2020), section
        3.3, arXiv 2002.09797, for random weights.

    Args:
        medium: What the samples are made of: clips of at least 8×8 pixels.
        seed: Of the weights.

    Raises:
        ValueError: If the samples are no such clips.
    """

    num_features = 2 * WIDTH * 2 ** (LAYERS - 1)
    tells = ("frames",)

    def __init__(self, medium: Medium, seed: int = 0) -> None:
        super().__init__()
        if not isinstance(medium, Video):
            raise ValueError(
                f"metrics/features=frames takes clips, got {medium.name} of shape "
                f"{list(medium.shape)}; metrics/features=raw takes any samples"
            )
        self.medium = medium
        channels, _, *size = medium.shape
        self.network = RandomFeatures(Image((channels, *size)), seed)
        self.name = "random_frames" if seed == 0 else f"random_frames_{seed}"
        self.digest = self.network.digest

    def forward(self, samples: Tensor) -> Activations:
        shape = list(self.medium.shape)
        if list(samples.shape[1:]) != shape:
            raise LabError(f"samples must have shape {shape}, got {list(samples.shape[1:])}")
        return join([self.seen(part) for part in torch.split(to_bytes(samples), AT_ONCE)])

    def seen(self, pixels: Tensor) -> Activations:
        """Return the activations of a few uint8 clips."""
        clips = to_float(pixels).movedim(2, 1)
        maps = leaky_relu(self.network.maps(clips.flatten(0, 1))[-1], 0.2)
        frames = adaptive_avg_pool2d(maps, 1).reshape(*clips.shape[:2], -1)
        features = torch.cat([frames.mean(1), frames.diff(dim=1).abs().mean(1)], dim=1)
        return Activations(features, beside={"frames": frames})


def lit_colours(clips: Tensor) -> Tensor:
    """Return the mean colour of each frame's lit pixels, (N, T, 3) of uint8 (N, 3, T, H, W).

    A frame without any is black.
    """
    mask = clips.amax(1, keepdim=True) >= LIT
    count = mask.sum((3, 4)).clamp(min=1)
    return ((clips * mask).double().sum((3, 4)) / count).float().movedim(2, 1)
