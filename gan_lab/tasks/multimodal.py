"""Two domains whose samples have a content in common and a style of their own."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gan_lab.contracts import Medium, Prior, Round, Sample
from gan_lab.models import ContentEncoder, StyledDecoder, StyleEncoder
from gan_lab.models.translators import padded
from gan_lab.tasks.two_domains import TwoDomains


class Multimodal(TwoDomains):
    r"""Decode one domain's content with a style of the other, drawn from a prior.

    .. math:: c_a, s_a = E_a(a), \quad s \sim p(s), \qquad \tilde b = G_b(c_a, s), \quad
        \hat a = G_a(c_a, s_a), \quad \hat c, \hat s = E_b(\tilde b)

    The round makes, for each domain, ``same_*``; the codes that a translation was made of and those
    that were found in it, ``content_*`` and ``found_content_*``, ``style_*`` and ``found_style_*``;
    and ``cycle_*``, what its content and the true style are decoded to. A style that is to be used
    is given as ``z``.

    References:
        Multimodal Unsupervised Image-to-Image Translation (Huang et al. 2018), equations 1 to 5,
        arXiv 1804.04732.

    Args:
        content: Builds a content encoder for a number of channels.
        style: Builds a style encoder for a number of channels.
        decoder: Builds a decoder for a number of channels.
        prior: Where styles come from.
        medium: What ``b`` is made of.
        source_channels: Of ``a``.

    Raises:
        ValueError: If styles are not all of one length.
    """

    def __init__(
        self,
        content: Callable[[int], ContentEncoder],
        style: Callable[[int], StyleEncoder],
        decoder: Callable[[int], StyledDecoder],
        prior: Prior,
        medium: Medium,
        source_channels: int = 1,
    ) -> None:
        super().__init__(medium, source_channels)
        channels = {"a": source_channels, "b": medium.shape[0]}
        self.contents = nn.ModuleDict({name: content(n) for name, n in channels.items()})
        self.styles = nn.ModuleDict({name: style(n) for name, n in channels.items()})
        self.decoders = nn.ModuleDict({name: decoder(n) for name, n in channels.items()})
        self.prior = prior
        lengths = [network.dim for network in self.styles.values()]
        lengths += [network.style_dim for network in self.decoders.values()]
        if {*lengths} != {prior.dim}:
            raise ValueError(
                f"styles are of one length; the prior draws {prior.dim} numbers, encoders and "
                f"decoders take {lengths}"
            )

    def encode(self, images: Tensor, domain: str) -> tuple[Tensor, Tensor]:
        """Return the contents and the styles of a domain's images, of any size."""
        content, style = self.contents[domain], self.styles[domain]
        parts = (
            network(padded(images, network.multiple, network.smallest))  # type: ignore[arg-type]
            for network in (content, style)
        )
        return next(parts), next(parts)

    def decode(self, content: Tensor, style: Tensor, domain: str, like: Tensor) -> Tensor:
        """Return a domain's images, of the size of others, for contents and styles."""
        made: Tensor = self.decoders[domain](content, style)
        return made[:, :, : like.shape[2], : like.shape[3]]

    def forward(self, batch: Sample) -> Round:
        """Reconstruct both domains, translate both with styles drawn, and find the codes again."""
        fake: dict[str, Tensor] = {}
        made: dict[str, Tensor] = {}
        codes = {name: self.encode(batch[name], name) for name in ("a", "b")}
        for name, other in (("a", "b"), ("b", "a")):
            (content, _), images = codes[other], batch[other]
            made[f"same_{name}"] = self.decode(*codes[name], name, batch[name])
            style = self.prior(len(images))["z"].to(content.dtype)
            fake[name] = self.decode(content, style, name, images)
            found = self.encode(fake[name], name)
            made |= {f"content_{name}": content, f"style_{name}": style}
            made |= {f"found_content_{name}": found[0], f"found_style_{name}": found[1]}
            made[f"cycle_{other}"] = self.decode(found[0], codes[other][1], other, images)
        return Round(batch, {**batch, **fake}, made)

    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        source = super().sources(batch, random, direction)
        return {**source, "z": self.prior(len(source["source"]), random)["z"]}

    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        """Return ``x``; the style is drawn where none is given as ``z``."""
        way, images = self.direction(direction), source["source"]
        content, _ = self.encode(images, way.source)
        style = source["z"] if "z" in source else self.prior(len(images))["z"]
        return {"x": self.decode(content, style.to(content), way.target, images), "z": style}
