"""What tasks between two domains without pairs share."""

import torch
from torch import nn

from gan_lab.contracts import Direction, Medium, Round, Sample, Translating
from gan_lab.tasks.pool import Pool


class TwoDomains(Translating):
    """Translates ``a`` to ``b`` and ``b`` to ``a``; old translations may be shown again.

    Args:
        medium: What ``b`` is made of.
        source_channels: Of ``a``, which is of the same size.
        pool: How many old translations are kept for each discriminator.
    """

    takes: tuple[str, ...] = ("a", "b")
    gives: tuple[str, ...] = ("a", "b")

    def __init__(self, medium: Medium, source_channels: int, pool: int = 0) -> None:
        super().__init__()
        self.medium = medium
        other = type(medium)((source_channels, *medium.shape[1:]))
        self.media = {"a": other, "b": medium}
        self.directions = {"a_to_b": Direction("a", "b"), "b_to_a": Direction("b", "a")}
        self.pools = nn.ModuleDict({name: Pool(pool, m.shape) for name, m in self.media.items()})

    def shown(self, round: Round) -> Round:
        """Let each domain's discriminator see old translations too."""
        pooled = {name: pool(round.fake[name]) for name, pool in self.pools.items()}
        return round._replace(fake={**round.fake, **pooled})

    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        return {"source": batch[self.direction(direction).source]}

    def source_medium(self, direction: str | None = None) -> Medium:
        return self.media[self.direction(direction).source]
