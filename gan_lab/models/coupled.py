"""Twin generators and discriminators that share what is abstract, and differ in what is seen."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from gan_lab.contracts import Sample
from gan_lab.models.arguments import require_size
from gan_lab.models.base import Backbone, draw_weights
from gan_lab.models.dcgan import DCGANGenerator, initialise
from gan_lab.models.discriminators import PerKey, Scores


class CoupledGenerator(nn.Module):
    """DCGAN generators of two domains that differ in their last layers alone.

    References:
        Coupled Generative Adversarial Networks (Liu and Tuzel 2016), section 3 and appendix A,
        arXiv 1606.07536: all layers but the last are shared.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: (channels, height, width), of both domains.
        width: See :class:`DCGANGenerator`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        sample_shape: Sequence[int] = (1, 28, 28),
        width: int = 64,
    ) -> None:
        super().__init__()
        whole = DCGANGenerator(latent_dim, sample_shape, width)
        self.latent_dim, self.sample_shape = latent_dim, whole.sample_shape
        *shared, _, _ = whole.layers.layers
        self.shared = nn.Sequential(*shared)
        channels = self.sample_shape[0]
        self.ends = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1), nn.Tanh()
                )
                for name in ("a", "b")
            }
        )
        draw_weights(self.ends, initialise)

    def forward(self, latent: Tensor) -> Sample:
        """Return ``a`` and ``b`` (N, *sample_shape) for latents (N, latent_dim)."""
        maps = self.shared(latent)
        return {name: end(maps) for name, end in self.ends.items()}


class Coupled(PerKey):
    """Discriminators of two domains that differ in their first layers alone.

    References:
        Liu and Tuzel 2016, section 3 and appendix A, arXiv 1606.07536.

    Args:
        network: Builds the backbone, whose ``layers`` are a sequence.
        sample_shape: Of both domains.
        own: Layers of the backbone, from the first, that each has for itself.

    Raises:
        ValueError: If a backbone has not more layers than that.
    """

    def __init__(
        self,
        network: Callable[[tuple[int, ...]], Backbone],
        sample_shape: Sequence[int],
        own: int = 2,
    ) -> None:
        require_size("own", own)
        a, b = (Scores(network, sample_shape, reads=(name,)) for name in ("a", "b"))
        layers = a.backbone.layers
        if not isinstance(layers, nn.Sequential) or len(layers) <= own:
            raise ValueError(f"own={own} leaves nothing of the backbone to share")
        theirs = b.backbone.layers
        assert isinstance(theirs, nn.Sequential)
        for place in range(own, len(layers)):
            theirs[place] = layers[place]
        b.readout = a.readout
        super().__init__(a=a, b=b)
