"""Path length regularisation of generators that have styles."""

from typing import Any

import torch
from torch import Tensor

from gan_lab.contracts import Discriminator, Task, Term, Turn


class PathLength(Term):
    r"""A step of fixed length in the styles shall change an image by as much everywhere.

    .. math:: E_{w, y \sim N(0, I)}\bigl[(\|J_w^\top y\|_2 - a)^2\bigr]

    with a the moving average of the lengths. The image's gradients are divided by the root of its
    pixels, and lengths are means over layers.

    References:
        Analyzing and Improving the Image Quality of StyleGAN (Karras et al. 2020), section 3.2,
        arXiv 1912.04958, and the authors' code, NVlabs/stylegan2, training/loss.py,
        with weight 2, at every fourth update, on half the batch.

    Args:
        weight: Multiplies the formula, positive; 2 in the authors' code.
        every: See :class:`Term`; 4 in the authors' code.
        decay: Of the average, a step moves it by, in (0, 1]; 0.01 in the authors' code.
        share: Of the batch that is drawn anew for it, in (0, 1]; a half in the authors' code.

    Raises:
        ValueError: If a number is out of range.
    """

    players = ("generator",)
    mean: Tensor

    def __init__(
        self, weight: float = 2.0, every: int = 4, decay: float = 0.01, share: float = 0.5
    ) -> None:
        super().__init__(weight, every)
        for name, value in (("decay", decay), ("share", share)):
            if not 0 < value <= 1:
                raise ValueError(f"{name} must be in (0, 1], got {value}")
        self.decay, self.share = decay, share
        self.register_buffer("mean", torch.zeros(()))

    def check(self, task: Task, discriminator: Discriminator) -> None:
        if not hasattr(getattr(task, "generator", None), "synthesise"):
            raise ValueError("PathLength asks a generator for its styles; use model=stylegan2")

    def forward(self, turn: Turn) -> Tensor:
        fake = turn.round.fake
        count = max(1, int(self.share * len(fake["x"])))
        generator: Any = turn.task.generator
        latent = fake["z"][:count].float()
        label = fake["label"][:count] if turn.task.num_classes else None
        with torch.autocast(latent.device.type, enabled=False):  # second derivatives
            styles = generator.styles(generator.labels.beside(latent, label))
            lengths = path_lengths(generator.synthesise(styles), styles)
        average = torch.lerp(self.mean, lengths.detach().mean().to(self.mean), self.decay)
        self.mean.copy_(average)
        return (lengths - average).square().mean()


def path_lengths(images: Tensor, styles: Tensor) -> Tensor:
    """Return the length of the images' gradient along noise, shape (N,).

    Args:
        images: (N, C, H, W), made of the styles.
        styles: (N, layers, d).
    """
    noise = torch.randn_like(images) / (images.shape[2] * images.shape[3]) ** 0.5
    (gradient,) = torch.autograd.grad((images * noise).sum(), styles, create_graph=True)
    squares: Tensor = gradient.square().sum(dim=2).mean(dim=1)
    return (squares + 1e-12).sqrt()
