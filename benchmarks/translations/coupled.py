"""How well the twins of a latent go together: Liu and Tuzel 2016, section 4, arXiv 1606.07536."""

from pathlib import Path

import torch

import gan_lab
from gan_lab.data.digits import View, edges
from gan_lab.media import quantise

COUNT = 10_000
"""Pairs that are drawn."""


def agreement(run: Path, view: View) -> dict[str, float]:
    """Return the share of pixels in which the second twin is the first one's view.

    Both are compared in black and white. Beside it is what pairs of other latents have, and what a
    black image has: most of a digit's image is its background.

    Args:
        run: A run of experiment=cogan.
        view: Of MNIST, that the run was trained on.
    """
    pairs = gan_lab.load(run).task.sample
    torch.manual_seed(0)
    with torch.inference_mode():
        made = pairs(COUNT)
    first, second = (quantise(made[name]) for name in ("a", "b"))
    black = (first > 127).byte() * 255
    viewed = edges(black) > 127 if view == "edges" else black <= 127
    drawn = second > 127
    backdrop = drawn.float().mean().round().bool()
    return {
        "pixel agreement": share(viewed, drawn),
        "with another latent's": share(viewed.roll(1, 0), drawn),
        "of the backdrop alone": share(backdrop.expand_as(drawn), drawn),
    }


def share(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the share of equal values."""
    return float((one == other).float().mean())
