"""Clips: images one after another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.errors import LabError
from gan_lab.media.image import image_grid, quantise, to_float, visible


class Video(Medium):
    """Values in [-1, 1] to networks, bytes to files; GIF by Pillow, MP4 by imageio-ffmpeg.

    Args:
        shape: (channels, frames, height, width), all positive, of two frames at least.
        frames_per_second: Of the files, positive.

    Raises:
        ValueError: If it is no such shape, or there is no such speed.
    """

    name: ClassVar[str] = "video"
    lasts: ClassVar[bool] = True
    formats: ClassVar[tuple[str, ...]] = ("gif", "mp4")

    def __init__(self, shape: Sequence[int], frames_per_second: float = 10) -> None:
        super().__init__(require_clip(shape))
        if not 0 < frames_per_second <= 100:
            raise ValueError(
                f"frames_per_second must be positive and at most 100, got {frames_per_second}"
            )
        self.frames_per_second = frames_per_second

    def to_float(self, raw: Tensor) -> Tensor:
        return to_float(raw)

    def to_raw(self, samples: Tensor) -> Tensor:
        return quantise(samples)

    def picture(self, samples: Tensor, columns: int | None = None) -> Tensor:
        """Return a filmstrip for each clip, ``columns`` of them in a row; one by default."""
        frames = samples.movedim(2, 1)
        return image_grid(frames.flatten(0, 1), (columns or 1) * samples.shape[2])

    def write(self, samples: Tensor, folder: Path, kind: str | None = None) -> list[Path]:
        from gan_lab.media.clips import save_gif, save_mp4

        kind = kind or self.formats[0]
        paths = [folder / f"{index:06d}.{kind}" for index in range(len(samples))]
        save = {"gif": save_gif, "mp4": save_mp4}[kind]
        for clip, path in zip(visible(quantise(samples).movedim(2, 1)), paths, strict=True):
            save(clip, path, self.frames_per_second)
        return paths

    def read(self, path: Path, count: int | None = None, seed: int = 0) -> Tensor:
        """Return clips of a folder of files, fitted to this shape, or of an .npz file of it."""
        from gan_lab.media.frames import clips_below, read_clip, read_samples

        random = torch.Generator().manual_seed(seed)
        if path.suffix == ".npz":
            clips = read_samples(path, self.shape)
            return clips[torch.randperm(len(clips), generator=random)[:count]]
        files = clips_below(path)
        if not files:
            raise LabError(f"there are no clips in {path}; give a folder of GIF or MP4 files")
        order = torch.randperm(len(files), generator=random)[:count]
        return torch.stack([read_clip(files[index], self.shape)[0] for index in order.tolist()])

    def log(self, experiment: Any, tag: str, samples: Tensor, step: int) -> None:
        """Show all clips side by side in motion.

        It is the event that TensorBoard's ``add_video`` writes, an animated GIF, without moviepy,
        of which torch imports a module that is no longer there.
        """
        from tensorboard.compat.proto.summary_pb2 import Summary

        from gan_lab.media.clips import as_gif

        frames = torch.stack([image_grid(frame) for frame in samples.unbind(2)])
        picture = Summary.Image(
            height=frames.shape[2],
            width=frames.shape[3],
            colorspace=frames.shape[1],
            encoded_image_string=as_gif(frames, self.frames_per_second),
        )
        value = Summary.Value(tag=f"{tag}_in_motion", image=picture)
        experiment.file_writer.add_summary(Summary(value=[value]), step)


def require_clip(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape as a tuple, or raise ValueError where it is not that of a clip."""
    found = tuple(shape)
    if len(found) != 4 or min(found) < 1 or found[1] < 2:
        raise ValueError(
            "a clip has a shape [channels, frames, height, width] of two frames at least, "
            f"got {list(shape)}"
        )
    return found
