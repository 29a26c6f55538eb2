"""The lab from Python: the same compositions as on the command line, without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_lab.errors import LabError

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from gan_lab.contracts import Medium, Task


def train(**settings: Any) -> Run:
    """Train as ``python -m gan_lab.train`` does.

    Args:
        settings: What the command line takes, as ``loss="wgan"``, or nested, as
            ``trainer={"max_steps": 2000}``, or by dotted keys in a mapping that is unpacked.

    Returns:
        The finished run.

    Raises:
        LabError: If the configuration, the data or the machine does not allow it.
    """
    from gan_lab.cli.python import in_process
    from gan_lab.cli.resume import resumed_arguments
    from gan_lab.run.folder import read_summary
    from gan_lab.train import train as task

    _, folder = in_process(task, "train", as_overrides(settings), resumed_arguments)
    return Run(folder, read_summary(folder))


def load(path: str | Path, weights: str = "raw", trust: Sequence[str] = ()) -> Trained:
    """Load a run's generating side, ready to sample.

    Args:
        path: A run folder or a checkpoint.
        weights: "raw", those that training moved, or "ema", their average.
        trust: Packages whose classes the checkpoint may name beside the lab's own.

    Raises:
        LabError: If there is no sound checkpoint, or it names a class that is not trusted.
    """
    from gan_lab.run.checkpoint import find_checkpoint, load_task

    found = find_checkpoint(path)
    return Trained(found, load_task(found, weights, trust), tuple(trust))


def evaluate(gan: Trained | Run | str | Path, **settings: Any) -> dict[str, float]:
    """Measure a run as ``python -m gan_lab.evaluate`` does.

    Args:
        gan: What :func:`load` or :func:`train` returned, a run folder or a checkpoint.
        settings: What the command line takes, such as ``metrics="quick"``, ``num_samples=2000``.

    Returns:
        Each figure's mean, by its full name, such as "fid/mnist_classifier_10000"; where raw and
        averaged weights are measured, those of the average end in "_ema".

    Raises:
        LabError: If there is nothing sound to measure or an option is out of range.
    """
    from gan_lab.cli.python import in_process
    from gan_lab.evaluate import evaluate as task

    if isinstance(gan, Trained):
        settings = {"trust": list(gan.trust), **settings}
    place = gan.folder if isinstance(gan, Run) else gan.path if isinstance(gan, Trained) else gan
    content, _ = in_process(task, "evaluate", as_overrides({"checkpoint": place, **settings}))
    return {
        name if weights == "raw" else f"{name}_{weights}": figure["mean"]
        for weights, figures in content["figures"].items()
        for name, figure in figures.items()
    }


@dataclass(frozen=True)
class Run:
    """A run that has ended.

    Attributes:
        folder: Where everything is.
        summary: What summary.json says: status, steps, final and best figures.
    """

    folder: Path
    summary: Mapping[str, Any]

    def load(self, weights: str = "raw", trust: Sequence[str] = ()) -> Trained:
        """Load the run's generating side; see :func:`load`."""
        return load(self.folder, weights, trust)


@dataclass(frozen=True)
class Trained:
    """A generating side out of a checkpoint.

    Attributes:
        path: Of the checkpoint.
        task: In evaluation mode, on the CPU.
        trust: Packages that were trusted in loading it.
    """

    path: Path
    task: Task
    trust: tuple[str, ...] = ()

    def sample(self, count: int, seed: int = 0, **given: Tensor) -> Samples:
        """Return samples that depend on ``seed`` alone.

        Args:
            count: How many, positive.
            seed: Of whatever is drawn.
            given: What is not to be drawn: ``z``, ``label``, sources; each of length ``count``.

        Raises:
            LabError: If the task needs something that is not given.
        """
        import torch

        if count < 1:
            raise LabError(f"count must be at least 1, got {count}")
        missing = [name for name in self.task.needs if name not in given]
        if missing:
            raise LabError(f"this run makes samples of {missing[0]}; give {missing[0]}=tensor")
        latents = self.task.latents(count, torch.Generator().manual_seed(seed))
        with torch.inference_mode(), torch.random.fork_rng():
            torch.manual_seed(seed)
            made = self.task.sample(count, {**latents, **given})
        return Samples(made["x"].float(), self.task.medium, dict(made))


@dataclass(frozen=True)
class Samples:
    """What was drawn, and what it is made of.

    Attributes:
        x: The samples, (N, *shape), as networks see them.
        medium: Knows how they are shown and stored.
        made: Everything that was drawn: latents, labels and ``x``.
    """

    x: Tensor
    medium: Medium
    made: Mapping[str, Tensor]

    def picture(self, columns: int | None = None) -> Image:
        """Return all samples as one picture.

        Raises:
            LabError: If there is nothing to see.
        """
        from torchvision.transforms.functional import to_pil_image

        picture = self.medium.picture(self.x, columns)
        if picture is None:
            raise LabError(f"{self.medium.name} have no picture; take their numbers from .x")
        image: Image = to_pil_image(picture)
        return image

    def show(self, columns: int | None = None) -> Image:
        """Return the picture, which a notebook draws; elsewhere open it in a viewer too."""
        import sys

        picture = self.picture(columns)
        if "ipykernel" not in sys.modules and sys.stdout.isatty():
            picture.show()
        return picture

    def save(self, folder: str | Path) -> list[Path]:
        """Write each sample as a file of its medium into a folder; return the files."""
        place = Path(folder).expanduser()
        place.mkdir(parents=True, exist_ok=True)
        return list(self.medium.write(self.medium.to_raw(self.x), place))


def as_overrides(settings: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return settings as the command line has them.

    >>> as_overrides({"loss": "wgan", "trainer": {"max_steps": 5}, "optimizer.betas": [0.5, 0.9]})
    ["loss='wgan'", 'trainer.max_steps=5', 'optimizer.betas=[0.5,0.9]']
    """
    found = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found += as_overrides(value, f"{prefix}{name}.")
        else:
            found.append(f"{prefix}{name}={literal(value)}")
    return found


def literal(value: Any) -> str:
    """Return a value in Hydra's grammar of overrides."""
    from gan_lab.cli.app import quoted

    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(literal, value))}]"
    return quoted(value)
