"""Checkpoints: written whole or not at all, read without running anybody's code."""

import logging
import os
import pickle
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO
from torch import Tensor

from gan_lab.contracts import Task
from gan_lab.errors import LabError
from gan_lab.run.files import written_whole
from gan_lab.run.rebuild import rebuild

CONFIG_KEY = "gan_lab"
"""Where a checkpoint keeps its run's version, overrides and composed configuration."""

EMA_KEY = "task_ema"
"""Where a checkpoint keeps the averaged weights, named as the task names its own."""

FORMAT = 2
"""The number of what a checkpoint holds and under which names; 1 had no task."""

Checkpoint = dict[str, Any]

log = logging.getLogger(__name__)


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes beside the target, syncs, then renames, so that no reader meets half a file."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any = None
    ) -> None:
        """Write ``checkpoint`` to ``path``, replacing what was there only once all is on disk."""
        with written_whole(Path(path)) as file:
            try:
                torch.save(checkpoint, file)
            except RuntimeError as error:
                if isinstance(error.__context__, OSError):
                    raise error.__context__ from None  # what torch's writer made of a full disk
                raise


def find_checkpoint(path: str | Path) -> Path:
    """Return the checkpoint file that ``path`` names: itself, or a run folder's last.ckpt.

    Raises:
        LabError: If there is none.
    """
    found = Path(path).expanduser()
    if found.is_dir():
        found = found / "checkpoints" / "last.ckpt"
    if not found.is_file():
        raise LabError(
            f"there is no checkpoint at {found}; give a .ckpt file or a run folder "
            "that holds checkpoints/last.ckpt"
        )
    return found


def newest_checkpoint(folder: Path) -> Path | None:
    """Return a run folder's newest checkpoint that can be read; None where it holds none.

    Newest by the time of writing and not by the step: who went back to an
    earlier checkpoint meant to.

    Raises:
        LabError: If there are checkpoints and all are damaged.
    """
    found = sorted(
        (folder / "checkpoints").glob("*.ckpt"), key=lambda p: p.stat().st_mtime_ns, reverse=True
    )
    for path in found:
        try:
            read_checkpoint(path)
        except LabError as error:
            log.warning("skipping a checkpoint: %s", error)
        else:
            return path
    if found:
        raise LabError(f"none of the {len(found)} checkpoint(s) in {folder} can be read")
    return None


def run_folder(checkpoint: Path) -> Path | None:
    """Return the run folder that ``checkpoint`` lies in, or None where it was copied elsewhere."""
    folder = checkpoint.resolve().parent
    return folder.parent if folder.name == "checkpoints" else None


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint of this lab into memory, tensors and plain values only.

    Raises:
        LabError: If the file is damaged, is no checkpoint, or is another program's.
    """
    try:
        if zipfile.is_zipfile(path) and (damaged := zipfile.ZipFile(path).testzip()) is not None:
            raise LabError(f"{path} is damaged: the checksum of {damaged} does not match")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on the format of what is about to be refused
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise LabError(
            f"{path} is no checkpoint of tensors and plain values, and was not read further: "
            "it is damaged or would run code"
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise LabError(f"{path} is damaged or no checkpoint ({first_line(error)})") from error
    if not isinstance(checkpoint, Mapping) or CONFIG_KEY not in checkpoint:
        raise LabError(f"{path} is a file of another program, not a checkpoint of gan_lab")
    written = checkpoint[CONFIG_KEY].get("format", 1)
    if written != FORMAT:
        raise LabError(
            f"{path} has checkpoint format {written}, and this version of gan_lab reads {FORMAT}; "
            f"use the version that wrote it, {checkpoint[CONFIG_KEY].get('version', 'unknown')}"
        )
    return dict(checkpoint)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def load_task(path: Path, weights: str = "raw", trust: Sequence[str] = ()) -> Task:
    """Rebuild a checkpoint's generating side, ready to sample: evaluation mode, on the CPU.

    Args:
        path: Of the checkpoint.
        weights: "raw", those that training moved, or "ema", their average.
        trust: Packages whose classes the checkpoint may name beside the lab's own.

    Raises:
        LabError: If the file is no checkpoint or names a class that is not on the allow-list.
    """
    if weights not in ("raw", "ema"):
        raise LabError(f"weights must be raw or ema, got {weights!r}")
    checkpoint = read_checkpoint(path)
    if weights == "ema" and EMA_KEY not in checkpoint:
        raise LabError(f"{path} holds no averaged weights; use weights=raw")
    task = rebuild(checkpoint[CONFIG_KEY]["config"]["module"]["task"], trust)
    state = checkpoint[EMA_KEY] if weights == "ema" else part_of(checkpoint, "task")
    try:
        task.load_state_dict(state)
    except (RuntimeError, AttributeError) as error:
        raise LabError(f"the weights in {path} are of other networks than it names") from error
    return cast(Task, task.eval())


def part_of(checkpoint: Checkpoint, name: str) -> dict[str, Tensor]:
    """Return the weights of one of the module's parts: "task" or "discriminator"."""
    weights: Mapping[str, Tensor] = checkpoint["state_dict"]
    prefix = f"{name}."
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
