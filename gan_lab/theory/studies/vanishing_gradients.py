"""What is left of the generator's gradient when the discriminator gets good?"""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from gan_lab.contracts import Discriminator, Round
from gan_lab.losses import AdversarialLoss, Minimax, NonSaturating, Wasserstein
from gan_lab.models import MLPGenerator
from gan_lab.theory.bare import Drawn
from gan_lab.theory.catalogue import label
from gan_lab.theory.critics import against, critic, perceptron
from gan_lab.theory.densities import Gaussian
from gan_lab.theory.figures import CYCLE, finish, tiles
from gan_lab.theory.saturation import (
    gradient_norm,
    lipschitz_shift_gradient,
    predicted_shift_gradient,
    shift_gradient,
)
from gan_lab.theory.study import Findings, Study, require_at_least

LOSSES: tuple[AdversarialLoss, ...] = Minimax(), NonSaturating(), Wasserstein()
Curve = list[tuple[int, float]]


class VanishingGradients(Study):
    """Freeze the generator, train the discriminator, and weigh the generator's gradient.

    References:
        Arjovsky and Bottou 2017, theorems 2.4 to 2.6 and figures 2 and 3,
        arXiv 1701.04862.

    Args:
        distances: Between the means of the unit Gaussians of the exact part.
        separation: Between the means of the two narrow Gaussians that critics train on.
        scale: Their standard deviation, positive.
        steps: Discriminator updates.
        images: Real images in [-1, 1], shape (N, C, H, W), for the same question
            on images, or None for none.
        image_steps: Discriminator updates on images.
        seed: Of networks and samples.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        distances: Sequence[float] = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0),
        separation: float = 3.0,
        scale: float = 0.3,
        steps: int = 400,
        images: Tensor | None = None,
        image_steps: int = 150,
        seed: int = 0,
    ) -> None:
        if not distances or not min(distances) > 0:
            raise ValueError(f"distances must be positive, got {list(distances)}")
        if not scale > 0:
            raise ValueError(f"scale must be positive, got {scale}")
        require_at_least("steps", steps, 1)
        require_at_least("image_steps", image_steps, 1)
        self.distances, self.separation, self.scale = list(distances), separation, scale
        self.steps, self.images, self.image_steps = steps, images, image_steps
        self.seed = seed

    def run(self) -> Findings:
        """Return exact gradients at the optimum and measured ones on the way there."""
        findings = Findings("The generator's gradient against an ever better discriminator")
        exact = self.exact(findings)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            line = {label(loss): self.on_the_line(loss) for loss in LOSSES}
            pictures = {}
            if self.images is not None:
                pictures = {label(loss): self.on_images(loss) for loss in LOSSES}
        for place, curves in (("line", line), ("images", pictures)):
            for name, curve in curves.items():
                findings.add(
                    f"{name}, {place}",
                    f"gradient norm after {curve[-1][0]} steps / at the start",
                    None,
                    curve[-1][1] / curve[0][1],
                )
            if curves:
                norms = {name: curve[-1][1] / curve[0][1] for name, curve in curves.items()}
                vanishes = norms["Minimax"] == min(norms.values())
                findings.add(
                    f"all, {place}",
                    "whose gradient vanishes",
                    "Minimax",
                    "Minimax" if vanishes else min(norms, key=lambda name: norms[name]),
                )
        findings.figures["vanishing_gradients"] = self.draw(exact, line, pictures)
        return findings

    def exact(self, findings: Findings) -> dict[str, list[float]]:
        """Add gradients at the optimal discriminator of Gaussians, ever further apart."""
        curves: dict[str, list[float]] = {label(loss): [] for loss in LOSSES}
        p = Gaussian()
        for distance in self.distances:
            for loss in (Minimax(), NonSaturating()):
                saturating = type(loss) is Minimax
                wanted = predicted_shift_gradient(p, distance, 1.0, saturating)
                found = shift_gradient(loss, p, Gaussian(distance, 1.0))
                name = "2 dJS" if saturating else "d[KL(q||p) - 2 JS]"
                findings.add(
                    f"N(0,1) against N({distance:g},1)",
                    f"{label(loss)}: {name}/dmean",
                    wanted,
                    found,
                )
                curves[label(loss)].append(abs(found))
            slope = lipschitz_shift_gradient(Wasserstein(), p, Gaussian(distance, 1.0))
            subject = f"N(0,1) against N({distance:g},1)"
            findings.add(subject, "Wasserstein: dW1/dmean", 1.0, slope)
            curves["Wasserstein"].append(abs(slope))
        return curves

    def on_the_line(self, loss: AdversarialLoss) -> Curve:
        """Train a critic between two narrow Gaussians and return the gradient norms."""
        torch.manual_seed(self.seed)
        generator = nn.Linear(1, 1)  # a shift and a scale of the noise
        with torch.no_grad():
            generator.weight.fill_(self.scale)
            generator.bias.fill_(self.separation)
        real = self.scale * torch.randn(4096, 1)
        return watch(loss, critic(1), generator, torch.randn(4096, 1), real, self.steps, 2e-3)

    def on_images(self, loss: AdversarialLoss) -> Curve:
        """Train a discriminator of images against an untrained generator."""
        assert self.images is not None
        torch.manual_seed(self.seed)
        shape = tuple(self.images.shape[1:])
        generator, discriminator = MLPGenerator(100, shape), perceptron(shape, (512, 256))
        latents = torch.randn(2048, 100)
        return watch(
            loss, discriminator, generator, latents, self.images, self.image_steps, 2e-4, batch=64
        )

    def draw(
        self, exact: dict[str, list[float]], line: dict[str, Curve], pictures: dict[str, Curve]
    ) -> Figure:
        """Return gradients against distance, and against training on the line and on images."""
        figure, axes = tiles(3 if pictures else 2, columns=3, width=4.0, height=3.3)
        for colour, (name, values) in zip(CYCLE, exact.items(), strict=False):
            axes[0].semilogy(self.distances, values, "o-", color=colour, label=name)
        finish(
            axes[0],
            "at the optimal discriminator",
            "distance of the means (scales)",
            "|gradient by the mean|",
            legend=True,
        )
        titles = "narrow Gaussians, trained critic", "images, untrained generator"
        for axis, title, curves in zip(axes[1:], titles, (line, pictures), strict=False):
            for colour, (name, curve) in zip(CYCLE, curves.items(), strict=False):
                steps, norms = zip(*curve, strict=True)
                axis.loglog(steps, norms, "o-", color=colour, ms=3, label=name)
            finish(axis, title, "discriminator updates", "generator's gradient norm", True)
        return figure


def watch(
    loss: AdversarialLoss,
    discriminator: Discriminator,
    generator: nn.Module,
    latents: Tensor,
    real: Tensor,
    steps: int,
    learning_rate: float,
    batch: int = 512,
) -> Curve:
    """Train the discriminator, and measure the generator's gradient at about 20 moments."""
    task = Drawn(generator, lambda n: latents[torch.randint(len(latents), (n,))], real.shape[1:])
    game = against(task, discriminator, loss, learning_rate)
    few = {"x": real[:512]}
    # One update first: a discriminator that starts at 0 gives no gradient at all.
    moments = set(np.unique(np.geomspace(1, steps, 20).round().astype(int)).tolist())
    curve: Curve = []
    for step in range(1, steps + 1):
        chosen = real[torch.randint(len(real), (batch,))]
        game.descend("discriminator", game.play({"x": chosen}).detach())
        if step in moments:
            curve.append((step, gradient_norm(game, Round(few, {"x": generator(latents[:512])}))))
    return curve
