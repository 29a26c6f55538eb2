"""Small real GANs in the plane or on the line."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from gan_lab.contracts import AdversarialLoss
from gan_lab.models import MLPGenerator
from gan_lab.tasks import Generation
from gan_lab.theory.bare import BareGame
from gan_lab.theory.catalogue import Regularizer
from gan_lab.theory.critics import Logits, Sampler, critic, perceptron

ADAM = partial(Adam, lr=1e-3, betas=(0.5, 0.99))


class SmallGAN(BareGame):
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

    Attributes:
        generator: Latents to samples.
        logits: Samples to the discriminator's logits.
    """

    def __init__(
        self,
        real: Sampler,
        loss: AdversarialLoss,
        regularizers: Sequence[Regularizer] = (),
        hidden: Sequence[int] = (64, 64),
        latent_dim: int = 2,
        optimizer: Callable[..., Optimizer] = ADAM,
        generator_optimizer: Callable[..., Optimizer] | None = None,
        n_critic: int = 1,
        batch_size: int = 256,
        spectral: bool = False,
    ) -> None:
        dimension = real(1).shape[1]
        generator = MLPGenerator(latent_dim, (dimension,), hidden)
        # A layer of zeros has no direction to normalise.
        discriminator = (
            perceptron((dimension,), hidden, spectral) if spectral else critic(dimension, hidden)
        )
        super().__init__(
            Generation(generator),
            discriminator,
            loss,
            regularizers,
            discriminator_optimizer=optimizer,
            generator_optimizer=generator_optimizer or optimizer,
        )
        self.real, self.generator = real, generator
        self.logits = Logits(discriminator)
        self.n_critic, self.batch_size = n_critic, batch_size

    def fake(self, count: int) -> Tensor:
        """Return generated samples (count, dimension)."""
        return self.task.sample(count)["x"]

    def alternate(self, steps: int) -> Iterator[int]:
        """Play Algorithm 1, yielding each step's number after it, from 1."""
        for step in range(1, steps + 1):
            for _ in range(self.n_critic):
                with torch.no_grad():
                    round = self.play({"x": self.real(self.batch_size)})
                self.descend("discriminator", round.detach())
            self.descend("generator", self.play({"x": self.real(self.batch_size)}))
            yield step

    @torch.no_grad()
    def estimate(self, real: Tensor, fake: Tensor) -> float:
        """Return the divergence that the discriminator sees."""
        return float(self.loss.divergence(self.logits(real), self.logits(fake)))
