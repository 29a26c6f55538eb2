"""What happens in the plane: samples, the true density, and the discriminator's landscape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from pytorch_lightning import Callback, Trainer
from torch import Tensor

from gan_lab.callbacks.samples import seeded_samples
from gan_lab.contracts import Discriminator
from gan_lab.game import GAN
from gan_lab.media.files import save_png
from gan_lab.run.loggers import show_picture
from gan_lab.terms import Scorer, input_gradients

if TYPE_CHECKING:
    from gan_lab.data import Mixture


class DensityPanels(Callback):
    """Draws two panels every n steps, as PNG and for the loggers, and an animation at the end.

    Left: generated points over the true density. Right: the discriminator's
    logits, and arrows along which they rise, the way generated points are pulled.

    Args:
        folder: Where the files go: density_step=000500.png and training.gif.
        every_n_steps: Steps between pictures, positive.
        num_samples: Points in a picture, positive.
        seed: Of the latents.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self,
        folder: str | Path,
        every_n_steps: int = 500,
        num_samples: int = 2500,
        seed: int = 0,
    ) -> None:
        for name, value in [("every_n_steps", every_n_steps), ("num_samples", num_samples)]:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.folder = Path(folder)
        self.every_n_steps = every_n_steps
        self.num_samples = num_samples
        self.seed = seed

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Draw where it is due."""
        if trainer.global_step % self.every_n_steps == 0:
            self._draw(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Draw the last picture and join all of them, in the order of their steps."""
        if trainer.global_step % self.every_n_steps:
            self._draw(trainer, pl_module)
        paths = sorted(self.folder.glob("density_step=*.png"))
        if trainer.is_global_zero and paths:
            frames = [
                Image.open(path).convert("P", palette=Image.Palette.ADAPTIVE) for path in paths
            ]
            frames[0].save(
                self.folder / "training.gif", save_all=True, append_images=frames[1:], duration=200
            )

    def _draw(self, trainer: Trainer, module: GAN) -> None:
        mixture = getattr(trainer.datamodule, "mixture", None)  # type: ignore[attr-defined]
        if not trainer.is_global_zero or mixture is None or module.task.medium.name != "points":
            return
        samples = seeded_samples(module, self.num_samples, self.seed)
        scorer = point_scorer(module.discriminator)
        picture = density_panels(mixture, samples, scorer, module.device)
        step = trainer.global_step
        shown = torch.from_numpy(picture).permute(2, 0, 1)
        save_png(shown, self.folder / f"density_step={step:06d}.png")
        show_picture(trainer, "density", shown)


def point_scorer(discriminator: Discriminator) -> Scorer | None:
    """Return what gives one logit to one unlabelled point, where the discriminator does so."""
    if discriminator.packing > 1 or discriminator.reads != ("x",):
        return None
    return lambda points: next(iter(discriminator({"x": points}).logits.values()))


def density_panels(
    mixture: Mixture,
    points: Tensor,
    discriminator: Scorer | None,
    device: torch.device | str = "cpu",
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the two panels as one picture (H, W, 3).

    Args:
        mixture: The truth.
        points: Generated ones, shape (N, 2).
        discriminator: Points to logits, or None to leave the right panel out.
        device: Where the discriminator lives.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    reach = 1.3 * float(mixture.centres.abs().max()) + 3 * mixture.deviation
    extent = (-reach, reach, -reach, reach)
    panels = 1 if discriminator is None else 2
    figure = Figure(figsize=(4.2 * panels, 4.2), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    left, *right = np.atleast_1d(figure.subplots(1, panels, sharex=True, sharey=True))
    density = mixture.log_density(lattice(reach, 256)).reshape(256, 256)
    # A floor under the logarithm leaves something to see of narrow modes.
    shown = (density - density.max()).clamp(min=-12).T.numpy()
    left.imshow(shown, origin="lower", extent=extent, cmap="Blues")
    left.scatter(*points.T.numpy(), s=2, c="tab:red", alpha=0.4, linewidths=0)
    left.set(title="samples over the log density", xlim=extent[:2], ylim=extent[2:])
    if discriminator is not None:
        places = lattice(reach, 96).to(device)
        with torch.no_grad():
            logits = discriminator(places).float().cpu().reshape(96, 96)
        picture = right[0].imshow(logits.T.numpy(), origin="lower", extent=extent, cmap="viridis")
        figure.colorbar(picture, ax=right[0], shrink=0.8)
        sparse = lattice(reach, 16).to(device)
        arrows = input_gradients(discriminator, sparse).detach().cpu()
        right[0].quiver(
            *sparse.cpu().T.numpy(), *arrows.T.numpy(), color="white", angles="xy", width=0.004
        )
        right[0].set(title="logits and their gradient")
    canvas.draw()  # type: ignore[no-untyped-call]
    rgba: np.ndarray[Any, np.dtype[np.uint8]] = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return rgba[..., :3].copy()


def lattice(reach: float, side: int) -> Tensor:
    """Return the points of a square lattice from -reach to reach, shape (side², 2)."""
    line = torch.linspace(-reach, reach, side)
    return torch.cartesian_prod(line, line)
