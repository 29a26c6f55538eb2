"""Draw from a trained generator: ``python -m gan_lab.sample checkpoint=outputs/...``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from gan_lab.cli.app import literal_paths, run
from gan_lab.errors import LabError
from gan_lab.files import written_whole

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from gan_lab.contracts import Medium, Sample, Task

FORMATS = "grid", "files", "npz", "interpolation", "arithmetic"


def main() -> None:
    """Run the command line."""
    run(sample, "sample", rewrite=lambda given: literal_paths(given, "checkpoint", "output"))


def sample(config: DictConfig) -> None:
    """Write samples as ``config`` says and print where they are.

    Raises:
        LabError: If there is no sound checkpoint or an option is out of range.
    """
    import torch

    from gan_lab.cli.instantiate import select_number
    from gan_lab.cli.temperatures import heat
    from gan_lab.run.checkpoint import find_checkpoint, load_task

    count = select_number(config, "num_samples", int, 1)
    steps = select_number(config, "interpolation_steps", int, 2)
    batch_size = select_number(config, "batch_size", int, 1)
    random = torch.Generator().manual_seed(select_number(config, "seed", int, 0))
    task = load_task(find_checkpoint(config.checkpoint), config.weights, config.trust)
    known = dict.fromkeys((*FORMATS[:1], *task.medium.formats, *FORMATS[1:]))
    if config.format not in known:
        raise LabError(f"format must be one of {', '.join(known)}, got {config.format!r}")
    if task.needs:
        raise LabError(f"this run makes samples of {', '.join(task.needs)}, which must be given")
    label = class_label(config, task)
    given = dict(task.latents(count, random))
    strips = config.format in ("interpolation", "arithmetic")
    if strips:
        if "z" not in given:
            raise LabError("this run has no latents to go between")
        ends = task.latents(count, random)["z"]
        if config.format == "interpolation":
            rows = interpolate(given["z"], ends, steps)
        else:
            rows = arithmetic(given["z"], ends, task.latents(count, random)["z"])
        given["z"], steps = rows.flatten(0, 1), rows.shape[1]
        count *= steps
    truncate(task, given, config.truncation, random)
    heat(task, config.temperature)
    if task.num_classes:
        in_turn = torch.arange(count) // (steps if strips else 1) % task.num_classes
        given["label"] = in_turn if label is None else torch.full_like(in_turn, label)
    samples = draw(task, count, given, batch_size)
    columns = steps if strips else None if label is not None else task.num_classes or None
    for path in write(
        samples, task.medium, Path(config.output).expanduser(), config.format, columns
    ):
        print(path)


def truncate(task: Task, given: Sample, limit: float | None, random: Generator) -> None:
    """Draw latents again that lie far out, for better samples of less variety.

    A generator with styles draws these towards their mean instead, by the factor ``limit``.

    References:
        Large Scale GAN Training for High Fidelity Natural Image Synthesis (Brock et al. 2019),
        section 3.1, arXiv 1809.11096. A Style-Based Generator Architecture for Generative
        Adversarial Networks (Karras et al. 2019), appendix B, arXiv 1812.04948.

    Args:
        task: In evaluation mode.
        given: Latents ``z``, which are changed in place.
        limit: The largest coordinate, or the factor; None leaves all as it is.
        random: Draws.

    Raises:
        LabError: If the limit is not positive or there are no latents.
    """
    if limit is None:
        return
    if not isinstance(limit, int | float) or not limit > 0:
        raise LabError(f"truncation must be a positive number or null, got {limit!r}")
    generator: Any = getattr(task, "generator", None)
    if hasattr(generator, "truncation"):
        generator.truncation = float(limit)
        return
    if "z" not in given:
        raise LabError("this run has no latents to truncate; use truncation=null")
    z = given["z"]
    for _ in range(1000):
        outside = z.abs() > limit
        if not outside.any():
            return
        z[outside] = task.latents(len(z), random)["z"][outside]
    raise LabError(f"truncation={limit} leaves next to nothing of the prior; make it larger")


def class_label(config: DictConfig, task: Task) -> int | None:
    """Return the class that ``config`` asks for, or None for all of them in turn.

    Raises:
        LabError: If the generator has no such class.
    """
    from gan_lab.cli.instantiate import select_number

    if config.label is None:
        return None
    if not task.num_classes:
        raise LabError("this generator has no classes; leave label out")
    label: int = select_number(config, "label", int, 0)
    if label >= task.num_classes:
        raise LabError(f"label must be below {task.num_classes}, got {label}")
    return label


def draw(task: Task, count: int, given: Sample, batch_size: int) -> Tensor:
    """Return samples as files hold them, made ``batch_size`` at a time.

    Args:
        task: In evaluation mode.
        count: How many.
        given: What is not to be drawn: latents ``z``, labels.
        batch_size: Of each forward pass.
    """
    import torch

    batches = []
    with torch.inference_mode():
        for start in range(0, count, batch_size):
            size = min(batch_size, count - start)
            part = {name: tensor[start : start + size] for name, tensor in given.items()}
            batches.append(task.sample(size, part)["x"])
    return task.medium.to_raw(torch.cat(batches))


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


def arithmetic(one: Tensor, less: Tensor, more: Tensor) -> Tensor:
    r"""Return latents a, b, c and what a without b and with c is, a row each.

    .. math:: \frac{a - b + c}{\sqrt 3}

    which is as likely under a Gaussian prior as each of them.

    References:
        Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks
        (Radford et al. 2016), section 6.3.2, arXiv 1511.06434. 3D-GAN (Wu et al. 2016), section
        4.3, arXiv 1610.07584.

    Args:
        one: a, shape (N, latent_dim).
        less: b, shape (N, latent_dim).
        more: c, shape (N, latent_dim).

    Returns:
        Latents of shape (N, 4, latent_dim).
    """
    import torch

    return torch.stack([one, less, more, (one - less + more) / 3**0.5], dim=1)


def write(
    samples: Tensor, medium: Medium, folder: Path, file_format: str, columns: int | None = None
) -> list[Path]:
    """Write ``samples`` into ``folder`` and return the files, or the folder of many.

    What was there by the same name stays until all of the new file is on the disk.

    Raises:
        LabError: If the medium has no pictures and one was asked for, or the disk is full.
    """
    import numpy as np

    from gan_lab.media.files import save_png

    if file_format == "npz":
        path = folder / "samples.npz"
        with written_whole(path) as file:
            np.savez_compressed(file, samples=samples.numpy())
        return [path]
    picture = medium.picture(samples, columns)
    if picture is None and (
        file_format in ("png", "interpolation", "arithmetic") or not medium.shown
    ):
        raise LabError(f"this generator draws {medium.name}, not images; use format=npz")
    if file_format == "files" or file_format in medium.formats:
        kind = None if file_format == "files" else file_format
        written = medium.write(samples, folder, kind)
        return written if len(written) == 1 else [folder]
    sheet = medium.sheet(samples, folder / file_format)
    written = [] if sheet is None else [sheet]
    if picture is not None:
        save_png(picture, folder / f"{file_format}.png")
        written.append(folder / f"{file_format}.png")
    return written


if __name__ == "__main__":
    main()
