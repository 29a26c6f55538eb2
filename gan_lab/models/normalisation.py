"""Norms of maps, and of weights."""

from typing import Literal

from torch import nn
from torch.nn.utils import parametrizations

Norm = Literal["batch", "instance", "layer", "none"]

NORMALISED = (
    nn.Linear
    | nn.Embedding
    | nn.Conv1d
    | nn.Conv2d
    | nn.Conv3d
    | nn.ConvTranspose1d
    | nn.ConvTranspose2d
    | nn.ConvTranspose3d
)
"""Layers whose weight is one linear map."""


def normalisation(norm: Norm, channels: int, axes: int = 2) -> nn.Module:
    """Return the layer named ``norm`` for maps of ``channels`` channels and 2 or 3 axes."""
    if norm == "batch":
        return nn.BatchNorm2d(channels) if axes == 2 else nn.BatchNorm3d(channels)
    if norm == "layer":
        return nn.GroupNorm(1, channels)  # one group: layer norm over (C, H, W)
    if norm == "instance":
        # Without weights, as pix2pix and CycleGAN have it.
        return nn.InstanceNorm2d(channels) if axes == 2 else nn.InstanceNorm3d(channels)
    if norm == "none":
        return nn.Identity()
    raise ValueError(f"norm must be batch, instance, layer or none, got {norm!r}")


def spectrally_normalise(network: nn.Module) -> None:
    """Divide every weight of a network by its largest singular value from now on.

    References:
        Spectral Normalization for Generative Adversarial Networks (Miyato et
        al. 2018), arXiv 1802.05957.
    """
    for layer in list(network.modules()):
        if isinstance(layer, NORMALISED):
            if layer.weight.is_meta:
                continue  # a sketch, of which the sizes count alone
            if not layer.weight.any():
                layer.reset_parameters()  # zero has no singular value to divide by
            parametrizations.spectral_norm(layer)
