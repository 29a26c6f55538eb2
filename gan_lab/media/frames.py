"""Clips out of files."""

import math
import re
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
import torch
from PIL import ImageSequence
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.media.clips import ffmpeg
from gan_lab.media.files import (
    PIXELS,
    bombs_are_errors,
    opened,
    require_file,
    require_size,
    require_sound_archive,
)
from gan_lab.media.fitting import fitted

ANIMATED = {".gif", ".webp", ".png"}
"""What Pillow reads; a .png is a clip where it is animated."""
FILMED = {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg"}
"""What FFmpeg reads."""
ENDINGS = ANIMATED | FILMED
LONGEST = 100
"""Times that a picture is repeated which an animation shows so much longer than its shortest."""


def clips_below(folder: Path) -> list[Path]:
    """Return the clips below a folder in the order of their names.

    Raises:
        LabError: If there is no such folder.
    """
    if not folder.is_dir():
        raise LabError(f"{folder} is no folder; give one with GIF or MP4 files below it")
    found = (path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    return sorted(path for path in found if not path.is_dir())


def read_clip(path: Path, shape: Sequence[int], stride: int = 1, most: int = 1) -> Tensor:
    """Return clips that follow one another in a file, resized and cropped to their middle.

    Args:
        path: Of the file.
        shape: Of a clip, (channels, frames, height, width) with 1 or 3 channels.
        stride: Of the file's frames every so many-th is taken, positive.
        most: Clips, at most; those of a longer file begin where the last one ended.

    Returns:
        uint8 clips (n, C, T, H, W), one at least.

    Raises:
        LabError: If the file is no clip, cannot be held, or has too few frames.
    """
    channels, length, *size = shape
    needed = (length - 1) * stride + 1
    kept: list[Tensor] = []
    seen = 0
    with closing(frames_of(path, channels)) as frames:
        for seen, frame in enumerate(islice(frames, most * length * stride), start=1):
            if (seen - 1) % stride == 0:
                kept.append(fitted(frame, size, path))
    count = min(most, len(kept) // length)
    if not count:
        raise LabError(
            f"{path} holds {seen} frame{'s' * (seen != 1)}, and a clip of {length} takes {needed}; "
            "make sample_shape's frames fewer, or remove the file"
        )
    frames_of_clips = torch.stack(kept[: count * length]).reshape(count, length, -1, *size)
    return frames_of_clips.movedim(2, 1).contiguous()


def frames_of(path: Path, channels: int) -> Generator[Tensor, None, None]:
    """Yield a file's frames as uint8 images (C, H, W), one after another.

    Raises:
        LabError: If the file is no clip, or one that cannot be held.
    """
    if path.suffix.lower() in ANIMATED:
        yield from animated(path, channels)
    else:
        yield from filmed(path, channels)


def animated(path: Path, channels: int) -> Iterator[Tensor]:
    """Yield the frames of an animated image.

    What is shown longer than the shortest frame comes so much more often: writers join frames that
    are alike. Where all are, only this lab's comment tells how many there were.
    """
    with bombs_are_errors(), opened(path) as image:
        times, pictures = [], []
        comment = re.fullmatch(rb"(\d{1,4}) frames of (\d+) ms", image.info.get("comment", b""))
        for frame in ImageSequence.Iterator(image):
            times.append(float(frame.info.get("duration") or 0))
            pictures.append(np.array(frame.convert("L" if channels == 1 else "RGB")))
            if sum(p.size for p in pictures) > 16 * PIXELS:
                raise LabError(f"{path} is too long to be held in memory; cut it")
    shortest = min((time for time in times if time > 0), default=1.0)
    if comment:
        shortest = float(comment[2])
        times = [float(comment[1]) * shortest] if len(times) == 1 else times
    for time, picture in zip(times, pictures, strict=True):
        repeats = min(max(1, round(time / shortest)), LONGEST)
        pixels = torch.from_numpy(picture).reshape(*picture.shape[:2], -1).permute(2, 0, 1)
        yield from [pixels] * repeats


def filmed(path: Path, channels: int) -> Iterator[Tensor]:
    """Yield the frames of a film, which FFmpeg hands over as PGM or PPM images."""
    require_file(path)
    coded = ["-f", "image2pipe", "-c:v", "pgm" if channels == 1 else "ppm", "pipe:1"]
    command = [ffmpeg("read"), "-v", "error", "-nostdin", "-protocol_whitelist", "file,pipe"]
    command += ["-i", f"file:{path}", *coded]
    seen = 0
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints) as process,
    ):
        assert process.stdout is not None
        try:
            while (pixels := next_image(process.stdout, path, channels)) is not None:
                seen += 1
                yield pixels
        finally:
            process.kill()
        process.wait()
        if not seen:
            complaints.seek(0)
            lines = complaints.read().decode(errors="replace").strip().splitlines()
            reason = lines[-1] if lines else "it has no frames"
            raise LabError(f"{path} is damaged or no film ({reason}); remove it")


def next_image(pipe: IO[bytes], path: Path, channels: int) -> Tensor | None:
    """Return the next PGM or PPM image of a pipe as uint8 (C, H, W), None at its end."""
    if not pipe.readline():
        return None
    width, height = map(int, pipe.readline().split())
    pipe.readline()  # the largest value, 255
    require_size(path, width, height)
    content = pipe.read(width * height * channels)
    if len(content) < width * height * channels:
        return None
    pixels = np.frombuffer(content, np.uint8).reshape(height, width, channels).copy()
    return torch.from_numpy(pixels).permute(2, 0, 1)


def read_samples(path: Path, shape: Sequence[int]) -> Tensor:
    """Return the clips (N, C, T, H, W) of an .npz file, whose first array is uint8 of that shape.

    Raises:
        LabError: If it is damaged or holds something else.
    """
    require_file(path)
    try:
        require_sound_archive(path)
        with np.load(path, allow_pickle=False) as content:
            array = content[content.files[0]]
    except LabError:
        raise
    except Exception as error:  # numpy and zipfile raise whatever a damaged file makes of them
        raise LabError(f"{path} is no .npz file of samples ({error})") from error
    if array.dtype != np.uint8 or array.shape[1:] != tuple(shape) or not math.prod(array.shape):
        raise LabError(
            f"{path} must hold a uint8 array of shape (N, {', '.join(map(str, shape))}), "
            f"got {array.dtype} of shape {list(array.shape)}"
        )
    return torch.from_numpy(array)
