"""Any folder of clips."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.files import data_root
from gan_lab.data.image_folder import require_grey_or_colour
from gan_lab.data.mapping import require_memory
from gan_lab.data.samples import Samples
from gan_lab.errors import LabError
from gan_lab.media import Video
from gan_lab.media.frames import ENDINGS, clips_below, read_clip

FEWEST = 10


class VideoFolderDataModule(InMemoryDataModule):
    """All clips below a folder, cut and shrunk to one shape, their subfolder's number as label.

    GIF, WebP and animated PNG need nothing; MP4, WebM, AVI and their like the extra ``video``.
    Frames are resized until they just cover the wanted size, and the middle is cut out. A longer
    file gives several clips that follow one another. Every tenth file, in the order of names, makes
    up the test split, so that no file is in both.

    Args:
        root: The folder.
        sample_shape: [channels, frames, height, width] with 1 (grey) or 3 (RGB) channels.
        stride: Of a file's frames every so many-th is taken, positive.
        clips_per_file: Clips of a file, at most.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a number is out of range.
    """

    medium_class: ClassVar[type[Medium]] = Video

    def __init__(
        self,
        root: str | Path,
        sample_shape: Sequence[int] = (3, 16, 64, 64),
        stride: int = 1,
        clips_per_file: int = 10,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, **options)
        Video(self.sample_shape)
        require_grey_or_colour((self.sample_shape[0], *self.sample_shape[2:]), "a frame's shape")
        for name, value in (("stride", stride), ("clips_per_file", clips_per_file)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.root = data_root(root)
        self.stride, self.clips_per_file = stride, clips_per_file

    def prepare_data(self) -> None:
        """Check that there are clips.

        Raises:
            LabError: If the folder is absent or holds too few.
        """
        self.files()

    def files(self) -> list[Path]:
        """Return the clips below the folder in the order of their names.

        Raises:
            LabError: If the folder is absent or holds fewer than ten clips.
        """
        if not self.root.is_dir():
            raise LabError(f"data.root={self.root} is no folder; give one with clips below it")
        files = clips_below(self.root)
        if len(files) < FEWEST:
            raise LabError(
                f"{self.root} holds {len(files)} clips ({', '.join(sorted(ENDINGS))}); "
                f"at least {FEWEST} are needed"
            )
        return files

    def load(self, train: bool) -> Samples:
        """Read a split; see :meth:`InMemoryDataModule.load`.

        Raises:
            LabError: If a file is no clip or too short, or the clips cannot be kept in a file.
        """
        files = self.files()
        classes = {folder: label for label, folder in enumerate(sorted({p.parent for p in files}))}
        chosen = [path for index, path in enumerate(files) if (index % 10 != 9) is train]
        require_memory("data.sample_shape", 2 * self.clips_per_file * math.prod(self.sample_shape))
        if self.fits(len(files) * self.clips_per_file):
            found = [self.read(path) for path in chosen]
            counts = torch.tensor([len(clips) for clips in found])
            clips: Any = torch.cat(found)
        else:
            counts = torch.tensor([len(self.read(path)) for path in chosen])
            clips = self.store(self.key(chosen), self.batches(chosen), int(counts.sum()))
        labels = torch.tensor([classes[path.parent] for path in chosen])
        return Samples(clips, labels.repeat_interleave(counts))

    def batches(self, paths: Sequence[Path]) -> Iterator[Tensor]:
        """Yield the clips of one file after another."""
        for path in paths:
            yield self.read(path)

    def read(self, path: Path) -> Tensor:
        """Return the clips (n, C, T, H, W) of a file; see :func:`gan_lab.media.clips.read_clip`."""
        return read_clip(path, self.sample_shape, self.stride, self.clips_per_file)

    def key(self, paths: Sequence[Path]) -> str:
        """Return what two sets share only if the same files were read in the same way."""
        way = f"video_folder 1 {self.sample_shape} {self.stride} {self.clips_per_file}"
        digest = hashlib.sha256(way.encode())
        for path in paths:
            status = path.stat()
            name = path.relative_to(self.root)
            digest.update(f"\n{name}\0{status.st_size}\0{status.st_mtime_ns}".encode())
        return digest.hexdigest()
