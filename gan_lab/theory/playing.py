"""Small real GANs in the plane or on the line, trained by a plain loop."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from gan_lab.losses import AdversarialLoss
from gan_lab.models import MLPDiscriminator, MLPGenerator
from gan_lab.regularizers import Constraint, Penalty
from gan_lab.theory.critics import Sampler, critic, discriminator_step

ADAM = partial(Adam, lr=1e-3, betas=(0.5, 0.99))


class SmallGAN:
    """Two small networks, their loss, and the real data.

    Args:
        real: Draws real samples (count, dimension).
        loss: Both players' objectives.
        regularizers: Of the discriminator.
        hidden: Widths of both networks' hidden layers.
        latent_dim: Length of a latent vector.
        optimizer: Builds the discriminator's optimizer from its parameters.
        generator_optimizer: Builds the generator's; like the discriminator's if not given.
        n_critic: Discriminator updates for each of the generator's.
        batch_size: Samples an update.
        spectral: Whether the discriminator's layers have spectral norm 1.
    """

    def __init__(
        self,
        real: Sampler,
        loss: AdversarialLoss,
        regularizers: Sequence[Penalty | Constraint] = (),
        hidden: Sequence[int] = (64, 64),
        latent_dim: int = 2,
        optimizer: Callable[..., Optimizer] = ADAM,
        generator_optimizer: Callable[..., Optimizer] | None = None,
        n_critic: int = 1,
        batch_size: int = 256,
        spectral: bool = False,
    ) -> None:
        dimension = real(1).shape[1]
        self.real, self.loss, self.regularizers = real, loss, regularizers
        self.generator = MLPGenerator(latent_dim, (dimension,), hidden)
        self.discriminator: nn.Module = critic(dimension, hidden)
        if spectral:  # a layer of zeros has no direction to normalise
            self.discriminator = MLPDiscriminator((dimension,), hidden)
            for layer in self.discriminator.modules():
                if isinstance(layer, nn.Linear):
                    nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=3)
        self.optimizers = (
            optimizer(self.discriminator.parameters()),
            (generator_optimizer or optimizer)(self.generator.parameters()),
        )
        self.n_critic, self.batch_size = n_critic, batch_size

    def fake(self, count: int) -> Tensor:
        """Return generated samples (count, dimension)."""
        samples: Tensor = self.generator(torch.randn(count, self.generator.latent_dim))
        return samples

    def train(self, steps: int) -> Iterator[int]:
        """Train, yielding each step's number after it, from 1."""
        for step in range(1, steps + 1):
            for _ in range(self.n_critic):
                with torch.no_grad():
                    fake = self.fake(self.batch_size)
                real = self.real(self.batch_size)
                discriminator_step(
                    self.discriminator,
                    self.optimizers[0],
                    self.loss,
                    real,
                    fake,
                    self.regularizers,
                )
            value = self.generator_loss(self.real(self.batch_size), self.fake(self.batch_size))
            self.optimizers[1].zero_grad()
            torch.autograd.backward(value)
            self.optimizers[1].step()
            yield step

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return what the generator minimises."""
        return self.loss.generator(self.discriminator(real), self.discriminator(fake))

    @torch.no_grad()
    def estimate(self, real: Tensor, fake: Tensor) -> float:
        """Return the divergence that the discriminator sees."""
        return float(self.loss.divergence(self.discriminator(real), self.discriminator(fake)))
