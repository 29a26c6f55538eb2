"""What every network promises."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot
from torch.nn.utils import parametrizations

from gan_lab.models.arguments import (
    require_choice,
    require_classes,
    require_labels,
    require_shape,
    require_size,
)
from gan_lab.models.conditional import BatchNorm, ConditionalBatchNorm

GeneratorConditioning = Literal["none", "concatenation", "batch_norm"]
DiscriminatorConditioning = Literal["none", "concatenation", "projection", "classifier"]


class Generator(nn.Module, ABC):
    """Maps latents (N, latent_dim), and labels (N,) if it is conditional, to samples.

    Images lie in [-1, 1]; two-dimensional points, of shape (2,), are unbounded.

    References:
        Conditional Generative Adversarial Nets (Mirza and Osindero 2014), arXiv
        1411.1784, for "concatenation". A learned representation for artistic
        style (Dumoulin et al. 2017), arXiv 1610.07629, for "batch_norm".

    Args:
        latent_dim: Length of a latent vector, positive.
        image_shape: Shape of one sample: (channels, height, width) or (2,).
        conditioning: How labels enter: beside the latent in one-hot code
            ("concatenation"), through every batch norm's scale and shift
            ("batch_norm"), or not at all ("none").
        num_classes: Number of labels, 0 where there are none.

    Raises:
        ValueError: If a size is out of range or the options contradict each other.
    """

    def __init__(
        self,
        latent_dim: int,
        image_shape: Sequence[int],
        conditioning: GeneratorConditioning = "none",
        num_classes: int = 0,
    ) -> None:
        super().__init__()
        self.latent_dim = require_size("latent_dim", latent_dim)
        self.image_shape = require_shape(image_shape)
        require_choice("conditioning", conditioning, GeneratorConditioning)
        self.conditioning = conditioning
        self.num_classes = require_classes(conditioning, num_classes)
        self.input_dim = latent_dim + (num_classes if conditioning == "concatenation" else 0)

    def forward(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return samples (N, *image_shape) for latents (N, latent_dim) and labels (N,)."""
        labels = require_labels("generator", labels, self.num_classes)
        if self.conditioning == "concatenation" and labels is not None:
            latent = torch.cat([latent, one_hot(labels, self.num_classes).to(latent.dtype)], dim=1)
        return self.body(latent, labels)

    def labels_in_turn(self, count: int, device: torch.device | str = "cpu") -> Tensor | None:
        """Return labels (count,) 0, 1, ... over and over, or None where there are no classes."""
        return torch.arange(count, device=device) % self.num_classes if self.num_classes else None

    @abstractmethod
    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        """Return samples for inputs (N, input_dim), labels for the norms that want them."""

    def batch_norm(self, channels: int, kind: type[BatchNorm] = nn.BatchNorm2d) -> nn.Module:
        """Return a batch norm for ``channels``, conditional where the generator's norms are."""
        if self.conditioning == "batch_norm":
            return ConditionalBatchNorm(kind, channels, self.num_classes)
        return kind(channels)

    def complete(self, initialise: Callable[[nn.Module], None] | None = None) -> None:
        """Initialise the weights; the last call of a subclass's constructor.

        Raises:
            ValueError: If labels were to enter through norms that are not there.
        """
        if initialise is not None:
            self.apply(initialise)
        self.to(memory_format=torch.channels_last)  # the order that convolutions are fastest in
        if self.conditioning == "batch_norm" and not any(
            isinstance(layer, ConditionalBatchNorm) for layer in self.modules()
        ):
            raise ValueError(
                f"conditioning=batch_norm needs batch norm, which this {type(self).__name__} "
                "has not; use conditioning=concatenation"
            )


class Discriminator(nn.Module, ABC):
    """Maps samples (N, *image_shape), and labels (N,) if it is conditional, to raw logits (N,).

    References:
        Spectral Normalization for Generative Adversarial Networks (Miyato et
        al. 2018), arXiv 1802.05957. PacGAN: The power of two samples in
        generative adversarial networks (Lin et al. 2018), arXiv 1712.04086.
        cGANs with Projection Discriminator (Miyato and Koyama 2018), arXiv
        1802.05637. Conditional Image Synthesis with Auxiliary Classifier GANs
        (Odena et al. 2017), arXiv 1610.09585. InfoGAN (Chen et al. 2016), arXiv
        1606.03657.

    Args:
        image_shape: Shape of one sample: (channels, height, width) or (2,).
        spectral_norm: Whether every weight is divided by its largest singular value.
        packing: Samples that are judged together, as channels of one; the
            logits are then (N / packing,).
        conditioning: How labels enter: as one-hot channels ("concatenation"),
            by an inner product with the features ("projection"), as something
            to be recognised by a second head ("classifier"), or not at all.
        num_classes: Number of labels, 0 where there are none.
        num_codes: Latents that the second head is to recover too, InfoGAN's
            continuous codes; only with "classifier".

    Raises:
        ValueError: If a size is out of range or the options contradict each other.
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        spectral_norm: bool = False,
        packing: int = 1,
        conditioning: DiscriminatorConditioning = "none",
        num_classes: int = 0,
        num_codes: int = 0,
    ) -> None:
        super().__init__()
        self.image_shape = require_shape(image_shape)
        self.spectral_norm = spectral_norm
        self.packing = require_size("packing", packing)
        require_choice("conditioning", conditioning, DiscriminatorConditioning)
        self.conditioning = conditioning
        self.num_classes = require_classes(conditioning, num_classes)
        if num_codes < 0 or (num_codes and conditioning != "classifier"):
            raise ValueError(
                f"num_codes must be 0, or positive with conditioning=classifier, got {num_codes} "
                f"with conditioning={conditioning}"
            )
        self.num_codes = num_codes
        if packing > 1 and conditioning != "none":
            raise ValueError(
                f"packing={packing} joins samples of different labels; use packing=1 with "
                f"conditioning={conditioning}"
            )
        label_channels = num_classes if conditioning == "concatenation" else 0
        channels = self.image_shape[0] * packing + label_channels
        self.input_shape = (channels, *self.image_shape[1:])

    def forward(self, samples: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (N,) for samples (N, *image_shape) and labels (N,)."""
        return self.judge(self.features(samples, labels), labels)

    @abstractmethod
    def body(self, inputs: Tensor) -> Tensor:
        """Return features (N, F) for inputs (N, *input_shape)."""

    def features(self, samples: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the features (N, F) that all heads read."""
        sees_labels = self.conditioning in {"concatenation", "projection"}
        labels = require_labels("discriminator", labels, self.num_classes if sees_labels else 0)
        if self.packing > 1:
            if len(samples) % self.packing:
                raise ValueError(
                    f"a batch of {len(samples)} does not divide into packs of {self.packing}"
                )
            samples = samples.reshape(-1, *self.input_shape)
        if self.conditioning == "concatenation" and labels is not None:
            planes = one_hot(labels, self.num_classes).to(samples.dtype)
            planes = planes.reshape(*planes.shape, *[1] * (samples.ndim - 2))
            planes = planes.expand(-1, -1, *samples.shape[2:])
            samples = torch.cat([samples, planes], dim=1)
        return self.body(samples)

    def judge(self, features: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (N,) for features (N, F), labels for the projection."""
        logits: Tensor = self.head(features).flatten()
        if self.conditioning == "projection":
            logits = logits + (self.embedding(labels) * features).sum(dim=1)
        return logits

    def recognise(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the second head's class logits (N, num_classes) and codes (N, num_codes)."""
        classes, codes = self.recogniser(features).split([self.num_classes, self.num_codes], dim=1)
        return classes, codes

    def complete(
        self, features: int, initialise: Callable[[nn.Module], None] | None = None
    ) -> None:
        """Add the heads, initialise, normalise; the last call of a subclass's constructor.

        Args:
            features: F, the length of what ``body`` returns.
            initialise: Applied to every layer.
        """
        self.head = nn.Linear(features, 1)
        if self.conditioning == "projection":
            self.embedding = nn.Embedding(self.num_classes, features)
        if self.conditioning == "classifier":
            self.recogniser = nn.Linear(features, self.num_classes + self.num_codes)
        if initialise is not None:
            self.apply(initialise)
        self.to(memory_format=torch.channels_last)  # the order that convolutions are fastest in
        if self.spectral_norm:
            for layer in list(self.modules()):
                if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
                    if not layer.weight.any():
                        layer.reset_parameters()  # zero has no singular value to divide by
                    parametrizations.spectral_norm(layer)
