"""Clips into files."""

import io
import subprocess
from pathlib import Path

from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from gan_lab.errors import LabError
from gan_lab.files import written_whole

SHOWN = 128
"""Edge that films are enlarged to, as players open them as large as they are."""


def as_gif(frames: Tensor, frames_per_second: float) -> bytes:
    """Return uint8 frames (T, C, H, W) as a GIF that repeats for ever, of 256 colours a frame.

    A GIF counts time in hundredths of a second.
    """
    pictures = [to_pil_image(frame) for frame in frames.cpu()]
    if frames.shape[1] == 3:
        pictures = [p.convert("P", palette=Image.Palette.ADAPTIVE, colors=256) for p in pictures]
    file = io.BytesIO()
    time = max(10, 10 * round(100 / frames_per_second))
    pictures[0].save(
        file,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=time,
        loop=0,
        comment=f"{len(frames)} frames of {time} ms".encode(),
    )
    return file.getvalue()


def save_gif(frames: Tensor, path: Path, frames_per_second: float) -> None:
    """Write uint8 frames (T, C, H, W) as a GIF; see :func:`as_gif`."""
    with written_whole(path, sync=False) as file:
        file.write(as_gif(frames, frames_per_second))


def save_mp4(frames: Tensor, path: Path, frames_per_second: float) -> None:
    """Write uint8 frames (T, C, H, W) as an MP4, enlarged by a whole even factor, as H.264 wants.

    Colours are compressed; a GIF or an array keeps them.

    Raises:
        LabError: If the extra ``video`` is not installed or the disk does not take it.
    """
    factor = 2 * max(1, round(SHOWN / 2 / min(frames.shape[2:])))
    large = frames.repeat_interleave(factor, 2).repeat_interleave(factor, 3).expand(-1, 3, -1, -1)
    with written_whole(path, sync=False) as file:
        made = path.with_name(f".{path.stem}.part.mp4")  # which FFmpeg opens by itself
        size = f"{large.shape[3]}x{large.shape[2]}"
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(frames_per_second)]
        coded = ["-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-y", f"file:{made}"]
        try:
            content = large.permute(0, 2, 3, 1).contiguous().cpu().numpy().tobytes()
            command = [ffmpeg("write"), "-v", "error", *raw, "-i", "pipe:0", *coded]
            done = subprocess.run(command, input=content, capture_output=True, check=False)
            if done.returncode:
                reason = done.stderr.decode(errors="replace").strip().splitlines()
                raise LabError(f"cannot write {path}: {(reason or ['FFmpeg failed'])[-1]}")
            file.write(made.read_bytes())
        finally:
            made.unlink(missing_ok=True)


def ffmpeg(does: str) -> str:
    """Return where imageio-ffmpeg keeps FFmpeg, or raise LabError where it is not installed.

    Args:
        does: What it was about to do with a film.
    """
    try:
        import imageio_ffmpeg
    except ModuleNotFoundError as error:
        raise LabError(
            f"to {does} films imageio-ffmpeg is needed: pip install 'gan-lab[video]'; GIFs need "
            "nothing"
        ) from error
    program: str = imageio_ffmpeg.get_ffmpeg_exe()
    return program
