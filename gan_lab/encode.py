"""Codes of images, and images of codes: ``python -m gan_lab.encode checkpoint=RUN``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from omegaconf import DictConfig

from gan_lab.cli.app import literal_paths, run
from gan_lab.errors import LabError
from gan_lab.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor

    from gan_lab.contracts import Sample, Task

FORMATS = "codes", "reconstructions", "traversal", "directions"


def main() -> None:
    """Run the command line."""
    run(encode, "encode", rewrite=lambda given: literal_paths(given, "checkpoint", "images"))


def encode(config: DictConfig) -> None:
    """Write what ``config`` asks for and print where it is.

    Raises:
        LabError: If there is no sound checkpoint, the run has no encoder, or an option is out of
            range.
    """
    import torch

    from gan_lab.cli.instantiate import select_number
    from gan_lab.media.files import save_png
    from gan_lab.run.checkpoint import find_checkpoint, load_task

    if config.format not in FORMATS:
        raise LabError(f"format must be one of {', '.join(FORMATS)}, got {config.format!r}")
    count = select_number(config, "num_samples", int, 1)
    steps = select_number(config, "steps", int, 2)
    random = torch.Generator().manual_seed(select_number(config, "seed", int, 0))
    path = find_checkpoint(config.checkpoint)
    task = load_task(path, config.weights, config.trust)
    folder = Path(config.output).expanduser()
    descent = select_number(config, "projection_steps", int, 1)
    with torch.no_grad():
        if config.format in ("codes", "reconstructions"):
            images = chosen_images(config, task, path, count)
            codes = coded(task, images, config.batch_size, descent)
            if config.format == "codes":
                print(save_codes(codes, folder / "codes.npz"))
                return
            columns = min(8, len(images))
            images = images[: len(images) // columns * columns]
            codes = {"z": codes["z"][: len(images)]}
            samples = panels(images, task.sample(len(images), {"z": codes["z"]})["x"], columns)
        elif config.format == "traversal":
            columns = steps
            samples = traversal(task, count, steps, random, config.coordinates)
        else:
            columns = steps
            samples = directions(task, count, steps, random)
    picture = task.medium.picture(task.medium.to_raw(samples), columns)
    if picture is None:
        raise LabError(f"this run draws {task.medium.name}, not images; use format=codes")
    save_png(picture, folder / f"{config.format}.png")
    print(folder / f"{config.format}.png")


def chosen_images(config: DictConfig, task: Task, path: Path, count: int) -> Tensor:
    """Return the images of a folder or file, or of the run's own test split, as networks see them.

    Raises:
        LabError: If they are of another shape than the run's.
    """
    from gan_lab.cli.stored_data import stored_data
    from gan_lab.media.files import read_images
    from gan_lab.run.checkpoint import CONFIG_KEY, read_checkpoint

    if config.images is not None:
        found = read_images(Path(config.images).expanduser(), count, config.seed)
    else:
        node = read_checkpoint(path)[CONFIG_KEY]["config"].get("data")
        data = stored_data(node, path, config.root, config.trust)
        data.prepare_data()
        data.setup("test")
        found = data.test.images[: min(count, len(data.test.images))]
    if tuple(found.shape[1:]) != task.medium.shape:
        raise LabError(
            f"the images have shape {list(found.shape[1:])} (channels, height, width), and the "
            f"run's have {list(task.medium.shape)}; give images of that shape"
        )
    return task.medium.to_float(found)


def coded(task: Task, images: Tensor, batch_size: int, steps: int = 300) -> Sample:
    """Return the codes of images (N, *shape), made ``batch_size`` at a time.

    Where the task has no encoder they are found by descent; see :func:`projected`.
    """
    import torch

    from gan_lab.contracts import Encodes

    parts = [
        task.codes(batch) if isinstance(task, Encodes) else {"z": projected(task, batch, steps)}
        for batch in torch.split(images, batch_size)
    ]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def projected(task: Task, images: Tensor, steps: int) -> Tensor:
    r"""Return the latents whose samples come nearest to images, found by Adam from the prior's.

    .. math:: \min_z \|G(z) - x\|^2

    References:
        Generative Visual Manipulation on the Natural Image Manifold (Zhu et al. 2016), equation 3,
        arXiv 1609.03552.

    Args:
        task: In evaluation mode.
        images: (N, *shape).
        steps: Of Adam, each image's own.

    Raises:
        LabError: If samples are made for classes, or of no latents.
    """
    import torch

    start = dict(task.latents(len(images), torch.Generator().manual_seed(0)))
    if "z" not in start or task.num_classes or task.needs:
        raise LabError(
            f"this run's task, {type(task).__name__}, has no encoder, and its samples are not of "
            "latents alone; train one with experiment=bigan, ali, aae, clustergan or vaegan"
        )
    with torch.enable_grad():
        z = start["z"].clone().requires_grad_()
        optimizer = torch.optim.Adam([z], lr=0.05)
        for _ in range(steps):
            optimizer.zero_grad()
            distance = (task.sample(len(images), {"z": z})["x"] - images).square()
            torch.autograd.backward(distance.sum(), inputs=[z])
            optimizer.step()
    return z.detach()


def panels(images: Tensor, again: Tensor, columns: int) -> Tensor:
    """Return images and their reconstructions in rows by turns, ``columns`` of each."""
    import torch

    pairs = zip(torch.split(images, columns), torch.split(again, columns), strict=True)
    return torch.cat([row for pair in pairs for row in pair])


def traversal(
    task: Task,
    count: int,
    steps: int,
    random: torch.Generator,
    coordinates: Sequence[int] | None = None,
) -> Tensor:
    """Return strips of samples along single coordinates of the latent, all others held.

    The first are a categorical code's, where the generator takes one that the prior draws
    (InfoGAN). Coordinates go from -2 to 2, or from -1 to 1 where the prior is bounded.

    Args:
        task: In evaluation mode.
        count: Strips, at most.
        steps: Samples in a strip.
        random: Draws the latent that they start from.
        coordinates: Which; by default the continuous codes of the prior, or else the first.

    Raises:
        LabError: If there are no latents, or no such coordinate.
    """
    import torch

    given = dict(task.latents(1, random))
    if "z" not in given:
        raise LabError("this run has no latents to walk along")
    z, prior = given["z"], cast(Any, task).prior
    codes = getattr(prior, "codes", 0) or z.shape[1]
    chosen = list(range(min(count, codes))) if coordinates is None else list(coordinates)
    wrong = [index for index in chosen if not 0 <= index < z.shape[1]]
    if wrong:
        raise LabError(f"coordinates must be below {z.shape[1]}, got {wrong[0]}")
    drawn = prior(1000, random)["z"]
    edge = 1.0 if float(drawn.abs().max()) <= 1 else 2.0 * float(drawn.std())
    walk = torch.linspace(-edge, edge, steps)
    strips = []
    if task.num_classes:
        label = torch.arange(steps) % task.num_classes
        strips.append(task.sample(steps, {"z": z.repeat(steps, 1), "label": label})["x"])
    for index in chosen:
        moved = z.repeat(steps, 1)
        moved[:, index] = walk
        held = {"label": torch.zeros(steps, dtype=torch.long)} if task.num_classes else {}
        strips.append(task.sample(steps, {"z": moved, **held})["x"])
    return torch.cat(strips)


def directions(task: Task, count: int, steps: int, random: torch.Generator) -> Tensor:
    """Return strips along the directions that the generator's first map stretches most.

    Args:
        task: In evaluation mode.
        count: Strips, at most.
        steps: Samples in a strip.
        random: Draws the latent that all strips pass through.

    Raises:
        LabError: If the generator takes labels or no latents.
    """
    import torch

    from gan_lab.models import Generator, walks

    generator = getattr(task, "generator", None)
    if not isinstance(generator, Generator) or generator.num_classes:
        raise LabError("directions are those of an unconditional generator; use format=traversal")
    z = task.latents(1, random)["z"]
    return walks(generator, z, min(count, generator.latent_dim), torch.linspace(-3, 3, steps))


def save_codes(codes: Sample, path: Path) -> Path:
    """Write codes into an .npz, each array under its name, whole or not at all."""
    import numpy as np

    arrays: dict[str, Any] = {name: value.numpy() for name, value in codes.items()}
    with written_whole(path) as file:
        np.savez_compressed(file, **arrays)
    return path


if __name__ == "__main__":
    main()
