"""Two domains whose samples have codes in one space."""

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor, nn

from gan_lab.contracts import Medium, Round, Sample
from gan_lab.models import ContentEncoder, StyledDecoder
from gan_lab.models.translators import ResidualBlock, padded
from gan_lab.tasks.two_domains import TwoDomains


class SharedCode(TwoDomains):
    r"""Variational autoencoders of both domains with one code between them.

    .. math:: z \sim N(E_a(a), I), \qquad \hat a = G_a(z), \quad \tilde b = G_b(z)

    The encoders' last layers and the decoders' first are the same. What is decoded in the other
    domain is encoded again and decoded back. While sampling, codes are their means.

    The round makes ``same_*`` and ``cycle_*`` of each domain, for
    :class:`gan_lab.terms.Identity` and :class:`gan_lab.terms.CycleConsistency`, and the squared
    means ``code`` and ``cycle_code`` (N, ...), for :class:`gan_lab.terms.MeanSquare`.

    References:
        Unsupervised Image-to-Image Translation Networks (Liu et al. 2017), arXiv 1703.00848.

    Args:
        encoder: Builds an encoder for a number of channels.
        decoder: Builds a decoder, without styles, for a number of channels.
        medium: What ``b`` is made of.
        source_channels: Of ``a``.
        shared: Residual blocks that both encoders end in, and as many that both decoders begin
            with; positive.

    Raises:
        ValueError: If a number is out of range or the decoder wants styles.
    """

    def __init__(
        self,
        encoder: Callable[[int], ContentEncoder],
        decoder: Callable[[int], StyledDecoder],
        medium: Medium,
        source_channels: int = 1,
        shared: int = 1,
    ) -> None:
        super().__init__(medium, source_channels)
        if shared < 1:
            raise ValueError(f"shared must be at least 1, got {shared}")
        channels = {"a": source_channels, "b": medium.shape[0]}
        self.encoders = nn.ModuleDict({name: encoder(n) for name, n in channels.items()})
        self.decoders = nn.ModuleDict({name: decoder(n) for name, n in channels.items()})
        if any(decoder.style_dim for decoder in self.decoders.values()):
            raise ValueError("a shared code has no style beside it; use style_dim=0")
        width = self.encoders["a"].channels
        assert isinstance(width, int)
        self.ending = nn.Sequential(*(ResidualBlock(width, "instance") for _ in range(shared)))
        self.beginning = nn.Sequential(*(ResidualBlock(width, "instance") for _ in range(shared)))

    def encode(self, images: Tensor, domain: str) -> Tensor:
        """Return the means of the codes of a domain's images, of any size."""
        encoder = self.encoders[domain]
        assert isinstance(encoder, ContentEncoder)
        mean: Tensor = self.ending(encoder(padded(images, encoder.multiple, encoder.smallest)))
        return mean

    def decode(self, code: Tensor, domain: str, like: Tensor) -> Tensor:
        """Return a domain's images, of the size of others, for codes."""
        made: Tensor = self.decoders[domain](self.beginning(code))
        return made[:, :, : like.shape[2], : like.shape[3]]

    def forward(self, batch: Sample) -> Round:
        """Reconstruct both domains, translate both, and translate back."""
        means = {name: self.encode(batch[name], name) for name in ("a", "b")}
        codes = {name: noisy(mean) for name, mean in means.items()}
        made = {
            (of, to): self.decode(codes[of], to, batch[of])
            for of, to in product(("a", "b"), repeat=2)
        }
        fake = {"a": made["b", "a"], "b": made["a", "b"]}
        again = {name: self.encode(fake[name], name) for name in fake}
        terms = {
            "same_a": made["a", "a"],
            "same_b": made["b", "b"],
            "cycle_a": self.decode(noisy(again["b"]), "a", batch["a"]),
            "cycle_b": self.decode(noisy(again["a"]), "b", batch["b"]),
            "code": torch.cat([means["a"].flatten(1), means["b"].flatten(1)], dim=1),
            "cycle_code": torch.cat([again["a"].flatten(1), again["b"].flatten(1)], dim=1),
        }
        return Round(batch, {**batch, **fake}, terms)

    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        way, images = self.direction(direction), source["source"]
        code = self.encode(images, way.source)
        return {"x": self.decode(code, way.target, images)}


def noisy(mean: Tensor) -> Tensor:
    """Return codes drawn from N(mean, I)."""
    return mean + torch.randn_like(mean)
