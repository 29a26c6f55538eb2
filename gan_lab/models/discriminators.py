"""Discriminators made of a backbone: what goes in, what is read out, how weights are bounded."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gan_lab.contracts import Discriminator, Sample, Verdict
from gan_lab.models.arguments import require_shape, require_size
from gan_lab.models.base import Backbone, draw_weights
from gan_lab.models.inputs import Input, Shrink
from gan_lab.models.normalisation import spectrally_normalise
from gan_lab.models.readouts import LinearReadout, Readout


class Scores(Discriminator):
    """A backbone's features, read out as one logit a sample, or one a patch.

    Args:
        network: Builds the backbone for the shape that reaches it, such as a
            partial of :class:`gan_lab.models.MLPBackbone`.
        sample_shape: Shape of what is read: of all ``reads`` joined along their channels,
            or, where their ranks differ, (sum of their sizes,).
        reads: Keys of the samples that are judged; penalties differentiate by them.
        beside: Keys that are read beside those, such as what a sample was translated from, and
            the channels (or sizes) that each adds to ``sample_shape``.
        inputs: What is done to them on the way, in this order: label planes, packing.
        readout: Builds what turns features into logits; linear by default.
        heads: Outputs of each second head by its name.
        recogniser: Builds what turns the (mean patch's) features into the outputs of all heads;
            linear by default.
        spectral_norm: Whether every weight is divided by its largest singular value.

    References:
        Conditional Image Synthesis with Auxiliary Classifier GANs (Odena et al.
        2017), arXiv 1610.09585, and InfoGAN (Chen et al. 2016), arXiv
        1606.03657, for ``heads``. Spectral Normalization for Generative
        Adversarial Networks (Miyato et al. 2018), arXiv 1802.05957.

    Raises:
        ValueError: If a size is out of range or the options contradict each other.
    """

    def __init__(
        self,
        network: Callable[[tuple[int, ...]], Backbone],
        sample_shape: Sequence[int],
        reads: Sequence[str] = ("x",),
        beside: Mapping[str, int] | None = None,
        inputs: Sequence[Input] | Mapping[str, Input | None] = (),
        readout: Callable[[int], Readout] = LinearReadout,
        heads: Mapping[str, int] | None = None,
        recogniser: Callable[[int, int], nn.Module] = nn.Linear,
        spectral_norm: bool = False,
    ) -> None:
        super().__init__()
        chosen = inputs.values() if isinstance(inputs, Mapping) else inputs
        self.inputs = nn.ModuleList(item for item in chosen if item is not None)
        shape = require_shape(sample_shape)
        self.sample_shape = shape if tuple(reads) == ("x",) else None
        for name, channels in (beside or {}).items():
            shape = (shape[0] + require_size(f"beside.{name}", channels), *shape[1:])
        reads = (*reads, *(beside or {}))
        for item in self.inputs:
            shape = item.shape(shape)  # type: ignore[operator]
        self.backbone = network(shape)
        self.readout = readout(self.backbone.features)
        self.sizes = {name: require_size(f"heads.{name}", n) for name, n in (heads or {}).items()}
        if self.sizes:
            self.recogniser = recogniser(self.backbone.features, sum(self.sizes.values()))
        draw_weights(self, self.backbone.initialise)
        if spectral_norm:
            spectrally_normalise(self)
        self.judged = reads
        layers: list[Any] = [*self.inputs, self.readout]
        self.reads = (*reads, *dict.fromkeys(name for layer in layers for name in layer.reads))
        self.gives, self.taught = ("features", *self.sizes), tuple(self.sizes)
        classes = [layer.num_classes for layer in layers] + [self.sizes.get("label", 0)]
        self.num_classes = max(classes)
        for layer in self.inputs:
            self.packing *= layer.packing  # type: ignore[operator, assignment]
        if self.packing > 1 and self.num_classes:
            raise ValueError(
                f"packing={self.packing} joins samples of different labels; use packing=1 with "
                "labels"
            )

    def forward(self, sample: Sample) -> Verdict:
        """Return logits, the features, and what the second heads say, in full precision."""
        samples = joined([sample[name] for name in self.judged])
        for layer in self.inputs:
            samples = layer(samples, sample)
        features = self.backbone(samples)
        heads = {"features": features}
        if self.sizes:
            pooled = features if features.ndim == 2 else features.flatten(2).mean(dim=2)
            outputs = self.recogniser(pooled).float().split(list(self.sizes.values()), dim=1)
            heads |= dict(zip(self.sizes, outputs, strict=True))
        return Verdict({"x": self.readout(features, sample)}, heads)


class PerKey(Discriminator):
    """Several discriminators side by side, each with logits under its own name.

    Args:
        parts: By name: each domain's, or one for clips and one for frames.

    Raises:
        ValueError: If there is none.
    """

    def __init__(self, **parts: Discriminator) -> None:
        super().__init__()
        if not parts:
            raise ValueError("PerKey needs at least one discriminator, by name")
        self.networks = nn.ModuleDict(parts)
        self.reads = tuple(dict.fromkeys(name for part in parts.values() for name in part.reads))
        self.gives = tuple(f"{name}.{head}" for name in parts for head in parts[name].gives)
        self.taught = tuple(f"{name}.{head}" for name in parts for head in parts[name].taught)
        self.num_classes = max(part.num_classes for part in parts.values())
        self.packing = math.lcm(*(part.packing for part in parts.values()))

    def forward(self, sample: Sample) -> Verdict:
        """Return every part's logits under its name (or name.kind), its heads under name.head."""
        logits: dict[str, Tensor] = {}
        heads: dict[str, Tensor] = {}
        for name, part in self.networks.items():
            verdict: Verdict = part(sample)
            if len(verdict.logits) == 1:
                (logits[name],) = verdict.logits.values()
            else:
                logits |= {f"{name}.{kind}": value for kind, value in verdict.logits.items()}
            heads |= {f"{name}.{head}": value for head, value in verdict.heads.items()}
        return Verdict(logits, heads)

    def parts(self) -> Sequence[Discriminator]:
        networks = [part for part in self.networks.values() if isinstance(part, Discriminator)]
        return [part for network in networks for part in network.parts()]


class MultiScale(PerKey):
    """Discriminators of one make that look at the samples, at their halves, quarters and so on.

    References:
        High-Resolution Image Synthesis with Conditional GANs (Wang et al. 2018), section 3.2, arXiv
        1711.11585.

    Args:
        network: See :class:`Scores`.
        sample_shape: See :class:`Scores`.
        scales: How many, positive.
        reads: See :class:`Scores`.
        options: See :class:`Scores`.

    Raises:
        ValueError: If a size is out of range, or the smallest images are too small.
    """

    def __init__(
        self,
        network: Callable[[tuple[int, ...]], Backbone],
        sample_shape: Sequence[int],
        scales: int = 3,
        reads: Sequence[str] = ("x",),
        **options: Any,
    ) -> None:
        parts = {
            f"scale_{2**k}": Scores(
                network, sample_shape, reads, inputs=[Shrink(k)] if k else [], **options
            )
            for k in range(require_size("scales", scales))
        }
        super().__init__(**parts)
        self.sample_shape = parts["scale_1"].sample_shape


def joined(samples: list[Tensor]) -> Tensor:
    """Return what is judged together: along channels, or flat where ranks differ."""
    if len(samples) == 1:
        return samples[0]
    if len({tensor.ndim for tensor in samples}) > 1:
        samples = [tensor.flatten(1) for tensor in samples]
    return torch.cat(samples, dim=1)
