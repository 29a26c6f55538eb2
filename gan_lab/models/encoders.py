"""From samples to codes, and back."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from gan_lab.models.arguments import require_shape, require_size
from gan_lab.models.base import Backbone, Generator, draw_weights


class Encoder(nn.Module):
    """A backbone's features, read out as a code.

    Args:
        network: Builds the backbone for the shape that reaches it.
        sample_shape: Shape of one sample.
        code_dim: Length of a code, positive.

    Raises:
        ValueError: If a size is out of range.
    """

    numbers: int = 1
    """That are read out for each coordinate of a code."""

    def __init__(
        self,
        network: Callable[[tuple[int, ...]], Backbone],
        sample_shape: Sequence[int],
        code_dim: int,
    ) -> None:
        super().__init__()
        self.sample_shape = require_shape(sample_shape)
        self.code_dim = require_size("code_dim", code_dim)
        self.backbone = network(self.sample_shape)
        self.linear = nn.Linear(self.backbone.features, self.numbers * code_dim)
        draw_weights(self, self.backbone.initialise)

    def read(self, samples: Tensor) -> Tensor:
        """Return what the last layer says, shape (N, numbers · code_dim)."""
        features = self.backbone(samples)
        pooled = features if features.ndim == 2 else features.flatten(2).mean(dim=2)
        outputs: Tensor = self.linear(pooled)
        return outputs

    def forward(self, samples: Tensor) -> Tensor:
        """Return codes (N, code_dim) of samples (N, *sample_shape)."""
        return self.read(samples)


class GaussianEncoder(Encoder):
    r"""An encoder that draws codes of a Gaussian with independent coordinates.

    .. math:: z \sim N(\mu(x), \operatorname{diag} \sigma^2(x))

    In evaluation mode the code is the mean.

    References:
        Auto-Encoding Variational Bayes (Kingma and Welling 2014), appendix C.2, arXiv 1312.6114.
        Adversarially Learned Inference (Dumoulin et al. 2017), section 2.1, arXiv 1606.00704.

    Args:
        network: See :class:`Encoder`.
        sample_shape: See :class:`Encoder`.
        code_dim: See :class:`Encoder`.
    """

    numbers = 2

    def moments(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and logarithms of variances, both (N, code_dim)."""
        mean, log_variance = self.read(samples).chunk(2, dim=1)
        return mean, log_variance

    def forward(self, samples: Tensor) -> Tensor:
        """Return codes (N, code_dim): draws while it trains, and means elsewhere."""
        mean, log_variance = self.moments(samples)
        return drawn(mean, log_variance) if self.training else mean


def drawn(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return draws (N, d) of Gaussians, with a gradient to their moments."""
    return mean + (log_variance / 2).exp() * torch.randn_like(mean)


class Autoencoder(nn.Module):
    """An encoder, and a generator that draws samples of its codes.

    BEGAN's decoder has the generator's layers, and EBGAN's the mirror of the encoder's.

    Args:
        network: Builds the encoder's backbone for the shape of a sample.
        decoder: Codes of length ``decoder.latent_dim`` to samples; it takes no labels.

    Raises:
        ValueError: If the decoder takes labels.
    """

    def __init__(self, network: Callable[[tuple[int, ...]], Backbone], decoder: Generator) -> None:
        super().__init__()
        if decoder.num_classes:
            raise ValueError("an autoencoder's decoder takes no labels; use conditioning=none")
        self.sample_shape = decoder.sample_shape
        self.encoder = Encoder(network, decoder.sample_shape, decoder.latent_dim)
        self.decoder = decoder

    def forward(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Return reconstructions (N, *sample_shape) and codes (N, latent_dim)."""
        codes = self.encoder(samples)
        return self.decoder(codes), codes
