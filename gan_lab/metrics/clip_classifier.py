"""The small classifier of clips of shapes, and of each of their frames."""

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

EDGE = 32
"""Frames are averaged to this size first."""
FRAME_FEATURES, FEATURES = 32, 64
MOTIONS, SHAPES = 2, 2


class ClipClassifier(nn.Module):
    """Convolutions of each frame, then of the row of frames, with features normalised as they end.

    As in :class:`gan_lab.metrics.classifier.Classifier`, features stand before the last
    non-linearity, with unit variance each over the training set.
    """

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Sequential(
            *convolution(3, 16),
            *convolution(16, 32),
            *convolution(32, 32),
            nn.Flatten(),
            nn.Linear(32 * 4 * 4, FRAME_FEATURES, bias=False),
            nn.BatchNorm1d(FRAME_FEATURES, affine=False),
        )
        self.shape = nn.Sequential(nn.ReLU(), nn.Linear(FRAME_FEATURES, SHAPES))
        self.follow = nn.Sequential(
            nn.Conv1d(FRAME_FEATURES, FEATURES, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(FEATURES, FEATURES, 5, padding=2),
            nn.ReLU(),
        )
        self.normalise = nn.Sequential(
            nn.Linear(2 * FEATURES, FEATURES, bias=False), nn.BatchNorm1d(FEATURES, affine=False)
        )
        self.motion = nn.Sequential(nn.ReLU(), nn.Linear(FEATURES, MOTIONS))

    def forward(self, clips: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return what is seen of clips (N, 3, T, H, W) in [-1, 1].

        Returns:
            Features (N, 64) and logits of the motion (N, 2) of each clip; features (N, T, 32) and
            logits of the shape (N, T, 2) of each frame.
        """
        frames = clips.movedim(2, 1)
        pixels = adaptive_avg_pool2d(frames.flatten(0, 1), EDGE)
        seen = self.embed(pixels).unflatten(0, frames.shape[:2])
        along = self.follow(seen.movedim(2, 1))
        features = self.normalise(torch.cat([along.mean(2), along.amax(2)], dim=1))
        return features, self.motion(features), seen, self.shape(seen)


def convolution(before: int, after: int) -> list[nn.Module]:
    """Return a 3×3 convolution with batch norm and ReLU, and a halving."""
    return [
        nn.Conv2d(before, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]
