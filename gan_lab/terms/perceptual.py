"""What is to agree in a fixed network's features, and not value by value."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from gan_lab.contracts import Term, Turn
from gan_lab.errors import LabError
from gan_lab.terms.reconstruction import Distance, distances, found, require_distance


class Maps(Protocol):
    """A network that gives the maps of its layers, such as any of ``gan_lab.metrics``' rulers."""

    def maps(self, images: Tensor) -> Sequence[Tensor]:
        """Return each layer's maps (N, F, H, W) of images in [-1, 1]."""


class OfFeatures(Term):
    """A distance between maps of a fixed network, summed over some of its layers.

    Args:
        features: The network, whose weights no player moves.
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        layers: Which maps, by their place; -1 is the last.
        made: See :class:`gan_lab.terms.Reconstruction`.
        target: See :class:`gan_lab.terms.Reconstruction`.

    Raises:
        ValueError: If a number is out of range, no layer is named or the network gives no maps.
    """

    players = ("generator",)

    def __init__(
        self,
        features: nn.Module,
        weight: float = 1.0,
        every: int = 1,
        layers: Sequence[int] = (-1,),
        made: str = "x",
        target: str = "x",
    ) -> None:
        super().__init__(weight, every)
        if not hasattr(features, "maps"):
            raise ValueError(f"{type(features).__name__} gives no maps of its layers to compare")
        if not layers:
            raise ValueError("layers must name at least one, such as [-1]")
        self.features = features.requires_grad_(False)
        self.layers, self.made, self.target = tuple(layers), made, target

    def pairs(self, turn: Turn) -> list[tuple[Tensor, Tensor]]:
        """Return the maps of what was made and of what it should be, for each layer."""
        network: Maps = self.features  # type: ignore[assignment]
        made = found(self.made, turn.round.made, turn.round.fake)
        target = found(self.target, turn.round.made, turn.round.real)
        with torch.no_grad():
            theirs = network.maps(target)
        ours = network.maps(made)
        if not all(-len(ours) <= layer < len(ours) for layer in self.layers):
            raise LabError(f"layers must be among the network's {len(ours)}, got {self.layers}")
        return [(ours[layer], theirs[layer]) for layer in self.layers]


class Perceptual(OfFeatures):
    r"""The distance of feature maps, a mean over their values.

    .. math:: \sum_l E[|\phi_l(x) - \phi_l(\hat x)|^p]

    References:
        Perceptual Losses for Real-Time Style Transfer and Super-Resolution (Johnson et al. 2016),
        equation 2, arXiv 1603.08155. SRGAN (Ledig et al. 2017), equation 5, arXiv 1609.04802.
        ESRGAN (Wang et al. 2018), section 3.3, arXiv 1809.00219: maps before the rectifier.

    Args:
        features: See :class:`OfFeatures`; the papers' is VGG19.
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        layers: See :class:`OfFeatures`.
        made: See :class:`OfFeatures`.
        target: See :class:`OfFeatures`.
        distance: "l1" (ESRGAN), "l2" (Johnson, SRGAN) or "charbonnier".

    Raises:
        ValueError: If a number is out of range or the network gives no maps.
    """

    def __init__(
        self,
        features: nn.Module,
        weight: float = 1.0,
        every: int = 1,
        layers: Sequence[int] = (-1,),
        made: str = "x",
        target: str = "x",
        distance: Distance = "l1",
    ) -> None:
        super().__init__(features, weight, every, layers, made, target)
        self.distance = require_distance(distance)

    def forward(self, turn: Turn) -> Tensor:
        parts = [
            distances(ours.float() - theirs.float(), self.distance).mean()
            for ours, theirs in self.pairs(turn)
        ]
        return torch.stack(parts).sum()


class Style(OfFeatures):
    r"""The squared distance of Gram matrices: which features go together, wherever they are.

    .. math:: \sum_l E[\|G(\phi_l(x)) - G(\phi_l(\hat x))\|_F^2], \qquad
        G(\phi)_{ij} = \frac{1}{F H W} \sum_{h, w} \phi_{i h w} \phi_{j h w}

    References:
        Johnson et al. 2016, equations 3 and 4, arXiv 1603.08155. Image Style Transfer Using
        Convolutional Neural Networks (Gatys et al. 2016), CVPR.

    Args:
        features: See :class:`OfFeatures`.
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        layers: See :class:`OfFeatures`.
        made: See :class:`OfFeatures`.
        target: See :class:`OfFeatures`.

    Raises:
        ValueError: If a number is out of range or the network gives no maps.
    """

    def forward(self, turn: Turn) -> Tensor:
        parts = [
            (gram(ours) - gram(theirs)).square().sum(dim=(1, 2)).mean()
            for ours, theirs in self.pairs(turn)
        ]
        return torch.stack(parts).sum()


def gram(maps: Tensor) -> Tensor:
    """Return the Gram matrices (N, F, F) of maps (N, F, H, W), a share of one for each value."""
    flat = maps.flatten(2).float()
    return flat @ flat.transpose(1, 2) / flat[0].numel()
