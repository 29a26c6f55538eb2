"""Draw from a trained generator: ``python -m gan_lab.sample checkpoint=outputs/...``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf

from gan_lab.app import literal_paths, run
from gan_lab.errors import LabError

if TYPE_CHECKING:
    from torch import Tensor

    from gan_lab.models import Generator

FORMATS = "grid", "png", "npz", "interpolation"


def main() -> None:
    """Run the command line."""
    run(sample, "sample", rewrite=lambda given: literal_paths(given, "checkpoint", "output"))


def sample(config: DictConfig) -> None:
    """Write samples as ``config`` says and print where they are.

    Raises:
        LabError: If there is no sound checkpoint or an option is out of range.
    """
    if OmegaConf.is_missing(config, "checkpoint"):
        raise LabError("give checkpoint=PATH, a run folder or a .ckpt file")
    if config.format not in FORMATS:
        raise LabError(f"format must be one of {', '.join(FORMATS)}, got {config.format!r}")
    import torch

    from gan_lab.checkpoint import find_checkpoint, load_generator
    from gan_lab.instantiate import select_number

    count = select_number(config, "num_samples", int, 1)
    steps = select_number(config, "interpolation_steps", int, 2)
    batch_size = select_number(config, "batch_size", int, 1)
    random = torch.Generator().manual_seed(select_number(config, "seed", int, 0))
    generator = load_generator(find_checkpoint(config.checkpoint), config.weights)
    if len(generator.image_shape) != 3 and config.format != "npz":
        raise LabError("this generator draws points, not images; use format=npz")
    label = class_label(config, generator)
    latents = torch.randn(count, generator.latent_dim, generator=random)
    strips = config.format == "interpolation"
    if strips:
        ends = torch.randn(count, generator.latent_dim, generator=random)
        latents = interpolate(latents, ends, steps).flatten(0, 1)
    samples = draw(generator, latents, batch_size, label, steps if strips else 1)
    columns = steps if strips else None if label is not None else generator.num_classes or None
    for path in write(samples, Path(config.output), config.format, columns):
        print(path)


def class_label(config: DictConfig, generator: Generator) -> int | None:
    """Return the class that ``config`` asks for, or None for all of them in turn.

    Raises:
        LabError: If the generator has no such class.
    """
    from gan_lab.instantiate import select_number

    if config.label is None:
        return None
    if not generator.num_classes:
        raise LabError("this generator has no classes; leave label out")
    label: int = select_number(config, "label", int, 0)
    if label >= generator.num_classes:
        raise LabError(f"label must be below {generator.num_classes}, got {label}")
    return label


def draw(
    generator: Generator,
    latents: Tensor,
    batch_size: int,
    label: int | None = None,
    repeat: int = 1,
) -> Tensor:
    """Return samples for ``latents``, computed ``batch_size`` at a time, quantised if images.

    Args:
        generator: In evaluation mode.
        latents: Shape (N, latent_dim).
        batch_size: Of each forward pass.
        label: One class for all samples, or None for all classes in turn.
        repeat: Neighbouring samples that share a class.
    """
    import torch

    from gan_lab.images import quantise

    labels = generator.labels_in_turn(len(latents))
    if labels is not None:
        labels = (torch.arange(len(latents)) // repeat) % generator.num_classes
        labels = torch.full_like(labels, label) if label is not None else labels
    batches = []
    with torch.inference_mode():
        for start in range(0, len(latents), batch_size):
            chosen = slice(start, start + batch_size)
            batches.append(generator(latents[chosen], None if labels is None else labels[chosen]))
    samples = torch.cat(batches)
    return quantise(samples) if samples.ndim == 4 else samples


def interpolate(start: Tensor, end: Tensor, steps: int) -> Tensor:
    r"""Return latents on great-circle arcs, where a Gaussian prior has its mass.

    .. math:: \frac{\sin((1-t)\,\omega)}{\sin\omega} a + \frac{\sin(t\,\omega)}{\sin\omega} b

    References:
        Sampling Generative Networks (White 2016), section 2.1, arXiv 1609.04468.

    Args:
        start: a, shape (N, latent_dim).
        end: b, shape (N, latent_dim).
        steps: Points on each arc, both ends included, at least 2.

    Returns:
        Latents of shape (N, steps, latent_dim).
    """
    import torch

    cosine = torch.nn.functional.cosine_similarity(start, end, dim=1)
    angle = torch.arccos(cosine.clamp(-1, 1))[:, None, None]
    t = torch.linspace(0, 1, steps)[None, :, None]
    a, b = start[:, None], end[:, None]
    arc = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
    return torch.where(torch.sin(angle) < 1e-6, torch.lerp(a, b, t), arc)


def write(
    samples: Tensor, folder: Path, file_format: str, columns: int | None = None
) -> list[Path]:
    """Write ``samples`` into ``folder`` and return the files, or the folder of many."""
    import numpy as np

    from gan_lab.images import image_grid, save_png

    folder.mkdir(parents=True, exist_ok=True)
    if file_format == "npz":
        path = folder / "samples.npz"
        np.savez_compressed(path, samples=samples.numpy())
        return [path]
    if file_format == "png":
        for index, image in enumerate(samples):
            save_png(image, folder / f"{index:06d}.png")
        return [folder]
    save_png(image_grid(samples, columns), folder / f"{file_format}.png")
    return [folder / f"{file_format}.png"]


if __name__ == "__main__":
    main()
