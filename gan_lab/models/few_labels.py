"""The networks of semi-supervised GANs."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from gan_lab.contracts import Discriminator, Sample, Verdict
from gan_lab.models.arguments import flat_size, require_shape, require_size
from gan_lab.models.base import Backbone, draw_weights


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

    Raises:
        ValueError: If a size is out of range.
    """

    gives = ("features", "label")
    taught = ("label",)

    def __init__(
        self,
        network: Callable[[tuple[int, ...]], Backbone],
        sample_shape: Sequence[int],
        classes: int = 10,
    ) -> None:
        super().__init__()
        self.sample_shape = require_shape(sample_shape)
        self.num_classes = require_size("classes", classes)
        self.backbone = network(self.sample_shape)
        self.linear = nn.Linear(self.backbone.features, classes)
        draw_weights(self, self.backbone.initialise)

    def forward(self, sample: Sample) -> Verdict:
        """Return logits (N,), the features and the classes' logits (N, K)."""
        features = self.backbone(sample["x"])
        pooled = features if features.ndim == 2 else features.flatten(2).mean(dim=2)
        logits = self.linear(pooled).float()
        return Verdict({"x": logits.logsumexp(dim=1)}, {"features": features, "label": logits})


class NoisyMLPBackbone(Backbone):
    """Fully connected layers with weight norm, and Gaussian noise before each while it trains.

    References:
        Salimans et al. 2016, arXiv 1606.03498, and the authors' code, openai/improved-gan,
        mnist_svhn_cifar10/train_mnist_feature_matching.py: 1000, 500 and three times 250 units,
        noise of deviation 0.3 on images in [0, 1] and of 0.5 between layers.

    Args:
        input_shape: Of one sample.
        hidden: Widths of the layers.
        input_noise: Deviation of the noise on samples, not negative; images lie in [-1, 1] here, so
            that 0.6 is the paper's.
        noise: Deviation of the noise between layers, not negative.
        weight_norm: Whether a weight's length and direction are learnt apart.

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
        layers: list[nn.Module] = [nn.Flatten()]
        for depth, (fan_in, fan_out) in enumerate(pairwise(widths)):
            linear = nn.Linear(fan_in, fan_out)
            layers += [
                GaussianNoise(noise if depth else input_noise),
                parametrizations.weight_norm(linear) if weight_norm else linear,
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers, GaussianNoise(noise))
        self.features = widths[-1]

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features


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
