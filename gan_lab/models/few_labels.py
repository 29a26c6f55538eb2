"""The networks of semi-supervised GANs."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from gan_lab.contracts import Discriminator, Sample, Verdict
from gan_lab.models.arguments import flat_size, require_shape, require_size
from gan_lab.models.base import Backbone, Generator, draw_weights
from gan_lab.models.labels import ConditionalSequential, Labels
from gan_lab.models.weight_norm import NormalisedLinear


class ClassScores(Discriminator):
    r"""A classifier of K classes that tells real samples by how sure it is.

    .. math:: \text{logit}(x) = \log \sum_{k \le K} e^{l_k(x)}

    This is a classifier of K + 1 classes whose last, generated, has the logit 0.

    References:
        Improved Techniques for Training GANs (Salimans et al. 2016), section 5, arXiv 1606.03498.

    Args:
        network: Builds the backbone for the shape that reaches it.
        sample_shape: Of one sample.
        classes: K, positive.
        weight_norm: Whether lengths and directions of the classes' weights are learnt apart.
        noise: Deviation of the noise on features before the classes' weights; the features that are
            told have none.

    Raises:
        ValueError: If a size is out of range.
    """

    gives = ("features", "label")
    taught = ("label",)

    SEEN_FIRST = 500
    """Samples that weights are scaled to before the first step, as many as in the authors' code."""

    def __init__(
        self,
        network: Callable[[tuple[int, ...]], Backbone],
        sample_shape: Sequence[int],
        classes: int = 10,
        weight_norm: bool = False,
        noise: float = 0.0,
    ) -> None:
        super().__init__()
        self.noise = GaussianNoise(noise)
        self.sample_shape = require_shape(sample_shape)
        self.num_classes = require_size("classes", classes)
        self.backbone = network(self.sample_shape)
        features = self.backbone.features
        self.linear = (
            NormalisedLinear(features, classes, learnt=True)
            if weight_norm
            else nn.Linear(features, classes)
        )
        draw_weights(self, self.backbone.initialise)

    @torch.no_grad()
    def meet(self, data: Any) -> None:
        """Scale weights of fixed length to samples of the training split."""
        images = getattr(getattr(data, "train", None), "images", None)
        if images is not None and isinstance(self.backbone, NoisyMLPBackbone):
            random = torch.Generator().manual_seed(0)
            chosen = torch.randperm(len(images), generator=random)[: self.SEEN_FIRST]
            images = images[chosen].to(self.linear.bias.device)
            features = self.backbone.meet(data.medium.to_float(images))
            if isinstance(self.linear, NormalisedLinear):
                self.linear.meet(self.noise.added(features, random))

    def forward(self, sample: Sample) -> Verdict:
        """Return logits (N,), the features and the classes' logits (N, K)."""
        features = self.backbone(sample["x"])
        pooled = features if features.ndim == 2 else features.flatten(2).mean(dim=2)
        logits = self.linear(self.noise(pooled)).float()
        return Verdict({"x": logits.logsumexp(dim=1)}, {"features": features, "label": logits})


class NoisyMLPBackbone(Backbone):
    """Fully connected layers of weights of fixed length, with noise before each in training.

    Noise means something only beside activations of a known size: weights turn and do not grow, and
    their lengths are those by which the activations of the first samples vary by 1.

    References:
        Salimans et al. 2016, arXiv 1606.03498, and the authors' code, openai/improved-gan,
        mnist_svhn_cifar10/train_mnist_feature_matching.py and nn.py: 1000, 500 and three times 250
        units, noise of deviation 0.3 on images in [0, 1] and of 0.5 between layers.
        Weight Normalization (Salimans and Kingma 2016), section 3, arXiv 1602.07868.

    Args:
        input_shape: Of one sample.
        hidden: Widths of the layers.
        input_noise: Deviation of the noise on samples, not negative; images lie in [-1, 1] here, so
            that 0.6 is the paper's.
        noise: Deviation of the noise between layers, not negative.
        weight_norm: Whether weights have a fixed length, or may grow.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (1, 28, 28),
        hidden: Sequence[int] = (1000, 500, 250, 250, 250),
        input_noise: float = 0.6,
        noise: float = 0.5,
        weight_norm: bool = True,
    ) -> None:
        super().__init__(input_shape)
        widths = [flat_size(self.input_shape), *(require_size("hidden", w) for w in hidden)]
        layer = NormalisedLinear if weight_norm else nn.Linear
        layers: list[nn.Module] = [nn.Flatten()]
        for depth, (fan_in, fan_out) in enumerate(pairwise(widths)):
            layers += [
                GaussianNoise(noise if depth else input_noise),
                layer(fan_in, fan_out),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers)
        self.features = widths[-1]

    @torch.no_grad()
    def meet(self, samples: Tensor) -> Tensor:
        """Scale each layer to these samples, amid noise, unless that was done before."""
        random = torch.Generator().manual_seed(0)
        for layer in self.layers:
            if isinstance(layer, GaussianNoise):
                samples = layer.added(samples, random)
                continue
            if isinstance(layer, NormalisedLinear):
                layer.meet(samples)
            samples = layer(samples)
        return samples

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features


class SoftplusGenerator(Generator):
    """Latent → softplus units under batch norm → an image, whose weights' lengths are learnt apart.

    References:
        Salimans et al. 2016, arXiv 1606.03498, and the authors' code, openai/improved-gan,
        mnist_svhn_cifar10/train_mnist_feature_matching.py: twice 500 units.

    Args:
        latent_dim: Length of a latent vector, positive.
        sample_shape: Of one sample.
        hidden: Widths of the hidden layers.
        labels: See :class:`Generator`.

    Raises:
        ValueError: If a size is not positive, or the samples are no images.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        sample_shape: Sequence[int] = (1, 28, 28),
        hidden: Sequence[int] = (500, 500),
        labels: Labels | None = None,
    ) -> None:
        super().__init__(latent_dim, sample_shape, labels)
        if len(self.sample_shape) != 3:
            raise ValueError(
                "this network makes images, (channels, height, width), got sample_shape "
                f"{list(sample_shape)}"
            )
        widths = [self.input_dim, *(require_size("hidden", width) for width in hidden)]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            norm = self.batch_norm(fan_out, nn.BatchNorm1d)
            layers += [nn.Linear(fan_in, fan_out, bias=False), norm, nn.Softplus()]
        layers.append(NormalisedLinear(widths[-1], flat_size(self.sample_shape), learnt=True))
        self.layers = ConditionalSequential(*layers, nn.Unflatten(1, self.sample_shape))
        draw_weights(self)

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        # Theirs is a sigmoid of images in [0, 1].
        return torch.tanh(self.layers(inputs, labels) / 2)


class GaussianNoise(nn.Module):
    """Adds Gaussian noise while it trains.

    Args:
        deviation: Not negative.
    """

    def __init__(self, deviation: float) -> None:
        super().__init__()
        if not deviation >= 0:
            raise ValueError(f"noise must not be negative, got {deviation}")
        self.deviation = deviation

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.training or not self.deviation:
            return inputs
        return inputs + self.deviation * torch.randn_like(inputs)

    def added(self, inputs: Tensor, random: torch.Generator) -> Tensor:
        """Return the inputs amid noise of a generator on the CPU, training or not."""
        return inputs + self.deviation * torch.randn(inputs.shape, generator=random).to(inputs)
