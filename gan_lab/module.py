"""The alternating game of two networks as a LightningModule."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, cast

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gan_lab.losses import AdversarialLoss
from gan_lab.models import Discriminator, Generator
from gan_lab.regularizers import Constraint, Penalty

ADAM = partial(torch.optim.Adam, lr=2e-4, betas=(0.5, 0.999))

Report = dict[str, Tensor]
"""Detached tensors that a step leaves for whoever watches; nothing in it costs a device sync."""


class GAN(LightningModule):
    """A generator and a discriminator trained by Algorithm 1.

    One training step is one generator update, preceded by ``n_critic``
    discriminator updates on fresh real and generated minibatches. The
    trainer's ``global_step`` counts exactly these steps.

    References:
        Generative Adversarial Nets (Goodfellow et al. 2014), algorithm 1,
        arXiv 1406.2661.

    Args:
        generator: Latents (N, latent_dim) to samples.
        discriminator: Samples to logits (N,).
        loss: Both players' objectives.
        generator_optimizer: Builds the generator's optimizer from its parameters.
        discriminator_optimizer: Builds the discriminator's.
        regularizers: Penalties on the discriminator's loss and constraints on
            its weights, in any order.
        n_critic: Discriminator updates in a step (the paper's k).
        fresh_noise: Whether the generator's update draws noise of its own, as
            the paper has it, or reuses the samples that the step's last
            discriminator update judged, which saves a forward pass.
        gradient_clip_val: Largest norm (or value) of each player's gradient.
        gradient_clip_algorithm: "norm" or "value".
        scheduler: Builds a learning-rate schedule from an optimizer, for both
            players; it advances once a step.

    Raises:
        ValueError: If a number is out of range, or a per-sample penalty meets
            batch norm in the discriminator.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        loss: AdversarialLoss,
        generator_optimizer: Callable[..., Optimizer] = ADAM,
        discriminator_optimizer: Callable[..., Optimizer] = ADAM,
        regularizers: Sequence[Penalty | Constraint] = (),
        n_critic: int = 1,
        fresh_noise: bool = False,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: Literal["norm", "value"] = "norm",
        scheduler: Callable[[Optimizer], LRScheduler] | None = None,
    ) -> None:
        super().__init__()
        if n_critic < 1:
            raise ValueError(f"n_critic must be at least 1, got {n_critic}")
        if gradient_clip_val is not None and not gradient_clip_val > 0:
            raise ValueError(f"gradient_clip_val must be positive, got {gradient_clip_val}")
        self.automatic_optimization = False
        self.generator = generator
        self.discriminator = discriminator
        self.loss = loss
        self.penalties = [item for item in regularizers if isinstance(item, Penalty)]
        self.constraints = [item for item in regularizers if isinstance(item, Constraint)]
        self.n_critic = n_critic
        self.fresh_noise = fresh_noise
        self.gradient_clip_val = gradient_clip_val
        self.gradient_clip_algorithm = gradient_clip_algorithm
        self._build_optimizers = discriminator_optimizer, generator_optimizer
        self._scheduler = scheduler
        refuse_coupled_samples(discriminator, self.penalties)

    def forward(self, latent: Tensor) -> Tensor:
        """Return samples (N, *image_shape) for latents (N, latent_dim)."""
        samples: Tensor = self.generator(latent)
        return samples

    def noise(self, count: int) -> Tensor:
        """Return ``count`` latents from the prior N(0, I), shape (count, latent_dim)."""
        return torch.randn(count, self.generator.latent_dim, device=self.device)

    @property
    def draws_images(self) -> bool:
        """Whether samples are images, and not points of the plane."""
        return len(self.generator.image_shape) == 3

    @torch.no_grad()
    def sample(self, latents: Tensor) -> Tensor:
        """Return samples for ``latents``, with batch norm's running statistics, left as they were.

        Args:
            latents: Shape (N, latent_dim), on any device.

        Returns:
            Samples (N, *image_shape) in float32 on the CPU.
        """
        was_training = self.generator.training
        self.generator.eval()
        try:
            samples: Tensor = self.generator(latents.to(self.device))
            return samples.float().cpu()
        finally:
            self.generator.train(was_training)

    def on_fit_start(self) -> None:
        """Give each process noise of its own, where Lightning has seeded all alike."""
        if self.trainer.world_size > 1:
            torch.manual_seed(torch.initial_seed() + 1_000_003 * self.global_rank)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Report:
        """Do one pass of Algorithm 1's outer loop.

        Args:
            batch: n_critic minibatches of real samples, joined, and their labels.
            batch_idx: Not used.

        Returns:
            The step's losses and logits, detached.
        """
        report: Report = {}
        for k, real in enumerate(batch[0].chunk(self.n_critic), start=1):
            # Only the last samples are judged again, by the generator's update.
            with torch.set_grad_enabled(k == self.n_critic and not self.fresh_noise):
                fake = self.generator(self.noise(len(real)))
            report |= self.update_discriminator(real, fake.detach())
        if self.fresh_noise:
            fake = self.generator(self.noise(len(real)))
        report |= self.update_generator(real, fake)
        return report

    def update_discriminator(self, real: Tensor, fake: Tensor) -> Report:
        """Descend the discriminator's loss once, the generator held fixed."""
        optimizer = self.discriminator_optimizer
        self.discriminator.requires_grad_(True)
        real_logits, fake_logits = self.discriminator(real), self.discriminator(fake)
        loss = self.loss.discriminator(real_logits.float(), fake_logits.float())
        report = {
            "loss/discriminator": loss.detach(),
            "logits/real": real_logits.detach(),
            "logits/fake": fake_logits.detach(),
        }
        for penalty in self.penalties:
            value = penalty(self.discriminator, real, fake)
            report[f"penalty/{type(penalty).__name__}"] = value.detach()
            loss = loss + value
        optimizer.zero_grad()
        self.manual_backward(loss)
        self.trainer.strategy.optimizer_step(optimizer, lambda: None)
        for constraint in self.constraints:
            constraint(self.discriminator)
        return report

    def update_generator(self, real: Tensor, fake: Tensor) -> Report:
        """Descend the generator's loss once, the discriminator held fixed."""
        optimizer = self.generator_optimizer
        # Spares the backward pass the discriminator's weight gradients.
        self.discriminator.requires_grad_(False)
        fake_logits = self.discriminator(fake).float()
        real_logits = self.discriminator(real).float() if self.loss.needs_real else fake_logits[:0]
        loss = self.loss.generator(real_logits, fake_logits)
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
        for scheduler in self._schedulers():
            scheduler.step()
        return {"loss/generator": loss.detach()}

    def configure_optimizers(self) -> Any:
        """Return [discriminator's optimizer, generator's optimizer] and their schedules."""
        build_discriminator, build_generator = self._build_optimizers
        optimizers = [
            build_discriminator(self.discriminator.parameters()),
            build_generator(self.generator.parameters()),
        ]
        if self._scheduler is None:
            return optimizers
        return optimizers, [self._scheduler(optimizer) for optimizer in optimizers]

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradients, which any loss scaling has left by now."""
        if self.gradient_clip_val is not None:
            self.clip_gradients(optimizer, self.gradient_clip_val, self.gradient_clip_algorithm)

    @property
    def discriminator_optimizer(self) -> Optimizer:
        """The discriminator's optimizer, bare of Lightning's wrapper.

        A step through the wrapper would count towards ``trainer.global_step``,
        which is for generator updates; the strategy steps it uncounted.
        """
        return cast(list[Optimizer], self.optimizers(use_pl_optimizer=False))[0]

    @property
    def generator_optimizer(self) -> LightningOptimizer:
        """The generator's optimizer in Lightning's wrapper, which counts its steps."""
        return cast(list[LightningOptimizer], self.optimizers())[1]

    def _schedulers(self) -> list[LRScheduler]:
        return cast(list[LRScheduler], self.lr_schedulers()) if self._scheduler else []


def refuse_coupled_samples(discriminator: nn.Module, penalties: Sequence[Penalty]) -> None:
    """Raise ValueError where batch norm would make a per-sample gradient meaningless."""
    norms = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d
    if not any(isinstance(layer, norms) for layer in discriminator.modules()):
        return
    for penalty in penalties:
        if penalty.per_sample:
            raise ValueError(
                f"{type(penalty).__name__} needs per-sample gradients, which batch norm in the "
                "discriminator couples; use discriminator_norm=none or discriminator_norm=layer"
            )
