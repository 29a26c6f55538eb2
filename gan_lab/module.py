"""The alternating game of two networks as a LightningModule."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, cast

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gan_lab.augmentations import Augmentation
from gan_lab.combinations import Regularizer, refuse_mismatch
from gan_lab.errors import LabError
from gan_lab.judge import Judge
from gan_lab.losses import AdversarialLoss, AuxiliaryLoss, Condition
from gan_lab.models import Discriminator, Generator
from gan_lab.regularizers import Constraint, Penalty, WeightPenalty

UNCONDITIONAL = Condition()
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
        regularizers: Penalties on the losses and constraints on the
            discriminator's weights, in any order.
        n_critic: Discriminator updates in a step (the paper's k).
        fresh_noise: Whether the generator's update draws noise of its own, as
            the paper has it, or reuses the samples that the step's last
            discriminator update judged, which saves a forward pass.
        gradient_clip_val: Largest norm (or value) of each player's gradient.
        gradient_clip_algorithm: "norm" or "value".
        scheduler: Builds a learning-rate schedule from an optimizer, for both
            players; it advances once a step.
        augmentations: What real and generated samples go through, in this
            order, before the discriminator judges them.
        auxiliary: The loss of the discriminator's second head, if it has one.

    Raises:
        ValueError: If a number is out of range, or parts do not go together.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        loss: AdversarialLoss,
        generator_optimizer: Callable[..., Optimizer] = ADAM,
        discriminator_optimizer: Callable[..., Optimizer] = ADAM,
        regularizers: Sequence[Regularizer] = (),
        n_critic: int = 1,
        fresh_noise: bool = False,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: Literal["norm", "value"] = "norm",
        scheduler: Callable[[Optimizer], LRScheduler] | None = None,
        augmentations: Sequence[Augmentation] = (),
        auxiliary: AuxiliaryLoss | None = None,
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
        self.weight_penalties = [item for item in regularizers if isinstance(item, WeightPenalty)]
        self.constraints = [item for item in regularizers if isinstance(item, Constraint)]
        # What has a memory is saved with the networks.
        self.memories = nn.ModuleList(i for i in self.penalties if isinstance(i, nn.Module))
        self.augmentations = nn.Sequential(*augmentations)
        self.auxiliary = auxiliary
        self.judge = Judge(discriminator, self.augmentations, auxiliary)
        self.n_critic = n_critic
        self.fresh_noise = fresh_noise
        self.gradient_clip_val = gradient_clip_val
        self.gradient_clip_algorithm = gradient_clip_algorithm
        self._build_optimizers = discriminator_optimizer, generator_optimizer
        self._scheduler = scheduler
        refuse_mismatch(generator, discriminator, auxiliary, augmentations, regularizers)

    def forward(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return samples (N, *image_shape) for latents (N, latent_dim) and labels (N,)."""
        samples: Tensor = self.generator(latent, *([] if labels is None else [labels]))
        return samples

    def noise(self, count: int) -> Tensor:
        """Return ``count`` latents from the prior N(0, I), shape (count, latent_dim)."""
        parameter = next(self.generator.parameters())
        shape = count, self.generator.latent_dim
        return torch.randn(shape, device=parameter.device, dtype=parameter.dtype)

    @property
    def draws_images(self) -> bool:
        """Whether samples are images, and not points of the plane."""
        return len(self.generator.image_shape) == 3

    @torch.no_grad()
    def sample(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return samples for ``latents``, with batch norm's running statistics, left as they were.

        Args:
            latents: Shape (N, latent_dim), on any device.
            labels: Shape (N,); by default a conditional generator takes its classes in turn.

        Returns:
            Samples (N, *image_shape) in float32 on the CPU.
        """
        if labels is None:
            labels = self.generator.labels_in_turn(len(latents))
        was_training = self.generator.training
        self.generator.eval()
        try:
            labels = None if labels is None else labels.to(self.device)
            samples: Tensor = self(latents.to(next(self.generator.parameters())), labels)
            return samples.float().cpu()
        finally:
            self.generator.train(was_training)

    def on_fit_start(self) -> None:
        """Give each process noise of its own; check that the data fits the networks.

        Raises:
            LabError: If there are labels, or an incomplete pack, that the networks cannot take.
        """
        data = getattr(self.trainer, "datamodule", None)
        labels = getattr(getattr(data, "train", None), "labels", None)
        classes, packing = self.generator.num_classes, self.discriminator.packing
        if classes and labels is not None and not 0 <= labels.min() <= labels.max() < classes:
            raise LabError(
                f"the data's labels go up to {int(labels.max())}, and the networks know "
                f"{classes} classes; set num_classes={int(labels.max()) + 1}"
            )
        if data is not None and data.batch_size % packing:
            raise LabError(
                f"data.batch_size={data.batch_size} does not divide into packs of {packing}; "
                f"use data.batch_size={data.batch_size // packing * packing or packing}"
            )
        if (
            self.trainer.world_size > 1
        ):  # noise of its own for each process; Lightning seeds all alike
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
        minibatches = zip(*(part.chunk(self.n_critic) for part in batch), strict=True)
        for k, (real, labels) in enumerate(minibatches, start=1):
            # Only the last samples are judged again, by the generator's update.
            with torch.set_grad_enabled(k == self.n_critic and not self.fresh_noise):
                fake, condition = self.generate(labels)
            update = self.trainer.global_step * self.n_critic + k
            report |= self.update_discriminator(real, fake.detach(), condition, update)
        if self.fresh_noise:
            fake, condition = self.generate(labels)
        report |= self.update_generator(real, fake, condition)
        return report

    def generate(self, labels: Tensor) -> tuple[Tensor, Condition]:
        """Return as many generated samples as there are ``labels``, and what they are made from."""
        latents = self.noise(len(labels))
        codes = latents[:, : self.discriminator.num_codes]
        if not self.generator.num_classes:
            return self.generator(latents), Condition(None, codes)
        if self.auxiliary is not None and not self.auxiliary.real_labels:
            labels = torch.randint_like(labels, self.generator.num_classes)
        return self.generator(latents, labels), Condition(labels, codes)

    def update_discriminator(
        self, real: Tensor, fake: Tensor, condition: Condition = UNCONDITIONAL, update: int = 1
    ) -> Report:
        """Descend the discriminator's loss once, the generator held fixed.

        Args:
            real: Real samples, shape (N, *image_shape).
            fake: Generated samples, detached, of the same shape.
            condition: What ``fake`` was made from.
            update: How many discriminator updates there were, this one included.
        """
        optimizer = self.discriminator_optimizer
        fake = fake.to(real.dtype)  # penalties want full precision, and autocast drew in half
        (real_logits, real_recognition), (fake_logits, fake_recognition) = self.judge.both(
            real, fake, condition
        )
        loss = self.loss.discriminator(real_logits.float(), fake_logits.float())
        report = {
            "loss/discriminator": loss.detach(),
            "logits/real": real_logits.detach(),
            "logits/fake": fake_logits.detach(),
        }
        for penalty in self.penalties:
            if update % penalty.every == 0:  # rarely, and as much stronger
                value = penalty.every * penalty(self.judge.scorer(condition), real, fake)
                report[f"penalty/{type(penalty).__name__}"] = value.detach()
                loss = loss + value
        loss = loss + self.weight_penalty("discriminator", report)
        if self.auxiliary and real_recognition and fake_recognition:
            value = self.auxiliary.discriminator(real_recognition, fake_recognition, condition)
            report["auxiliary/discriminator"] = value.detach()
            loss = loss + value
        optimizer.zero_grad()
        self.manual_backward(loss)
        self.trainer.strategy.optimizer_step(optimizer, lambda: None)
        for constraint in self.constraints:
            constraint(self.discriminator)
        for augmentation in self.augmentations:
            cast(Augmentation, augmentation).observe(real_logits.detach())
        return report

    def update_generator(
        self, real: Tensor, fake: Tensor, condition: Condition = UNCONDITIONAL
    ) -> Report:
        """Descend the generator's loss once, the discriminator held fixed.

        Args:
            real: Real samples, for losses that need them.
            fake: Generated samples with their graph, shape (N, *image_shape).
            condition: What ``fake`` was made from.
        """
        optimizer = self.generator_optimizer
        with frozen(self.discriminator_optimizer):
            fake_logits, recognition = self.judge(fake, condition)
            judged = self.judge(real, condition)[0] if self.loss.needs_real else fake_logits[:0]
        loss = self.loss.generator(judged.float(), fake_logits.float())
        report = {"loss/generator": loss.detach()}
        loss = loss + self.weight_penalty("generator", report)
        if self.auxiliary and recognition:
            value = self.auxiliary.generator(recognition, condition)
            report["auxiliary/generator"] = value.detach()
            loss = loss + value
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
        for scheduler in self._schedulers():
            scheduler.step()
        return report

    def backward(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take gradients outside of autocast, which would halve second derivatives' precision."""
        with torch.autocast(loss.device.type, enabled=False):
            super().backward(loss, *args, **kwargs)

    def weight_penalty(self, player: Literal["discriminator", "generator"], report: Report) -> Any:
        """Return the sum of the penalties on a player's weights, noted in ``report``."""
        total: Any = 0.0
        for penalty in self.weight_penalties:
            if penalty.player == player:
                value = penalty(getattr(self, player))
                report[f"penalty/{type(penalty).__name__}"] = value.detach()
                total = total + value
        return total

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


@contextmanager
def frozen(optimizer: Optimizer) -> Iterator[None]:
    """Record no gradients for what ``optimizer`` moves, which spares the backward pass theirs."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    parameters = [p for p in parameters if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
