"""A user's images, one by one, however large."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from gan_lab.contracts import Sample, Translating
from gan_lab.data.image_folder import ENDINGS, images_below
from gan_lab.data.mapping import available_memory
from gan_lab.errors import LabError
from gan_lab.media.files import read_as, read_holes, save_png
from gan_lab.media.image import quantise, visible
from gan_lab.media.sheets import beside, sheet
from gan_lab.media.tiles import tiled

PROBE = 64
"""Edge of what a network is first tried on, to learn what memory it takes."""
SMALLEST = 64
"""Edge of the smallest tile that is chosen by itself."""


class FileTranslator:
    """Translates images of any size, in tiles where the whole would not fit the memory.

    Args:
        task: In evaluation mode.
        direction: Which way.
        seed: Of what is drawn, the same for each image.
        label: Of the target domain, for tasks of many; None for others.
        tile: Largest height and width that is translated at once; None for as much as there is
            memory for.
        overlap: Of neighbouring tiles.

    Raises:
        LabError: If tiles would consist of overlap.
    """

    def __init__(
        self,
        task: Translating,
        direction: str,
        seed: int = 0,
        label: int | None = None,
        tile: int | None = None,
        overlap: int = 32,
    ) -> None:
        if tile is not None and tile <= 2 * overlap:
            raise LabError(f"tile must be above twice the overlap of {overlap}, got {tile}")
        self.task, self.direction, self.seed, self.label = task, direction, seed, label
        self.tile, self.overlap = tile, overlap
        self.medium = task.source_medium(direction)
        self.device = next((p.device for p in task.parameters()), torch.device("cpu"))
        self.per_pixel: float | None = None
        key, shape = task.direction(direction).source, task.medium.shape
        batch = {key: torch.zeros(1, *shape, device=self.device)}
        self.fills = "mask" in task.sources(batch, direction=direction)

    def read(self, path: Path) -> Sample:
        """Return what a file holds as a source (1, C, H, W).

        A task that fills holes is told of them by ``mask``: they are the transparent pixels.

        Raises:
            LabError: If the file is no image, or one that cannot be held, or has no holes.
        """
        channels = self.medium.shape[0]
        if channels not in (1, 3):
            raise LabError(f"this run translates samples of {channels} channels, which no file has")
        image = self.medium.to_float(read_as(path, channels))[None]
        if not self.fills:
            return {"source": image}
        holes = read_holes(path)
        if holes is None or not holes.any():
            raise LabError(
                f"{path} has no transparent pixels, and this run fills holes; cut them out of it"
            )
        mask = holes[None].float()
        return {"source": torch.where(mask > 0, torch.zeros_like(image), image), "mask": mask}

    @torch.inference_mode()
    def __call__(self, source: Sample, path: Path) -> Tensor:
        """Return the translation (1, C, H, W) in [-1, 1] of one source.

        Args:
            source: As :meth:`read` returns it.
            path: Of the file, for messages.

        Raises:
            LabError: If the task does not take it, or there is no memory for what would be made.
        """
        height, width = source["source"].shape[2:]
        scale = self.task.scale
        needed = 32 * self.task.medium.shape[0] * height * width * scale**2
        if needed > available_memory():
            raise LabError(
                f"{path}: {width * scale} × {height * scale} pixels would be made of it, for which "
                f"there is no memory; give a smaller image"
            )
        names, parts = list(source), torch.cat(list(source.values()), dim=1)
        sizes = [tensor.shape[1] for tensor in source.values()]

        def part(pixels: Tensor) -> Tensor:
            return self.once(dict(zip(names, torch.split(pixels, sizes, dim=1), strict=True)))

        try:
            tile = self.tile or self.fitting(part, parts)
            if tile >= max(height, width):
                return part(parts).float().cpu()
            return tiled(part, parts, tile, self.overlap, scale)
        except LabError:
            raise
        except (RuntimeError, ValueError) as error:  # a size that the network cannot take
            raise LabError(f"{path}: {str(error).splitlines()[0]}") from error

    def once(self, source: Mapping[str, Tensor]) -> Tensor:
        """Return the translation of one tile; whatever is drawn is the same for each."""
        given = {name: tensor.to(self.device) for name, tensor in source.items()}
        if self.label is not None:
            given["label"] = torch.full((1,), self.label, device=self.device)
        torch.manual_seed(self.seed)
        return self.task.translate(given, self.direction)["x"]

    def fitting(self, part: Callable[[Tensor], Tensor], pixels: Tensor) -> int:
        """Return the edge of the largest tile that half of the memory is enough for."""
        if self.per_pixel is None:
            probe = pixels[:, :, :PROBE, :PROBE]
            with counted(self.task) as count:
                part(probe)
            self.per_pixel = max(1.0, 4 * count[0] / math.prod(probe.shape[2:]))
        room = memory(self.device) / 2 / self.per_pixel
        height, width = pixels.shape[2:]
        if height * width <= room:
            return max(height, width)
        return max(math.isqrt(int(room)), SMALLEST, 2 * self.overlap + 1)


@contextmanager
def counted(network: nn.Module) -> Iterator[list[int]]:
    """Count the numbers that a network's layers give while it is used: more than live at once."""
    count = [0]

    def add(_: nn.Module, __: object, made: object) -> None:
        if isinstance(made, Tensor):
            count[0] += made.numel()

    leaves = (module for module in network.modules() if not list(module.children()))
    handles = [module.register_forward_hook(add) for module in leaves]
    try:
        yield count
    finally:
        for handle in handles:
            handle.remove()


def memory(device: torch.device) -> int:
    """Return how many bytes a device could give now."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return available_memory()


def image_files(path: Path) -> dict[Path, Path]:
    """Return images to translate, each with the name that its translation gets.

    Args:
        path: One file, or a folder of images at any depth.

    Raises:
        LabError: If there are none.
    """
    if not path.is_dir():
        return {path: Path(path.name).with_suffix(".png")}
    files = images_below(path)
    if not files:
        raise LabError(f"there are no images in {path} ({', '.join(sorted(ENDINGS))})")
    names = [file.relative_to(path).with_suffix(".png") for file in files]
    counts = Counter(names)
    return {
        file: name if counts[name] == 1 else name.with_name(f"{file.name}.png")
        for file, name in zip(files, names, strict=True)
    }


def save(source: Sample, made: Tensor, folder: Path, name: Path, sheets: bool) -> None:
    """Write a translation (1, C, H, W) and, if asked, a sheet of it beside its source.

    Raises:
        LabError: If the disk does not take it.
    """
    save_png(visible(quantise(made))[0], folder / name)
    if sheets:
        columns = [quantise(source["source"]).cpu(), quantise(made)]
        save_png(sheet(beside(columns)), folder / "sheets" / name)
