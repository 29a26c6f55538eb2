"""Checkpoints: written whole or not at all, read without running anybody's code."""

import logging
import os
import pickle
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO
from torch import Tensor

from gan_lab.contracts import Discriminator, Task
from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.run.rebuild import rebuild_discriminator, rebuild_task, refuse_special, told

CONFIG_KEY = "gan_lab"
"""Where a checkpoint keeps its run's version, choices and resolved configuration."""

EMA_KEY = "task_ema"
"""Where a checkpoint keeps the averaged weights, named as the task names its own."""

FORMAT = 3
"""The number of what a checkpoint holds and under which names; 1 had no task, 2 had overrides."""

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
    if not isinstance(path, str | Path):  # what a command line may hold in its place
        raise LabError(f"a checkpoint is named by a path, got {'null' if path is None else path}")
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
    """Return a run folder's furthest checkpoint that can be read; None where it holds none.

    Furthest by its step and, where two are of one step, by which was written later, as the file
    itself says: a copied file has other times.

    Raises:
        LabError: If there are checkpoints and all are damaged.
    """
    found = {}
    for path in sorted((folder / "checkpoints").glob("*.ckpt")):
        try:
            content = read_checkpoint(path, whole=False)
            found[path] = content["global_step"], content[CONFIG_KEY]["sequence"]
        except LabError as error:
            found[path] = -1, -1
            log.warning("skipping a checkpoint: %s", error)
    for path in sorted(found, key=lambda path: found[path], reverse=True):
        if found[path] == (-1, -1):
            continue
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
    """Return the run folder that ``checkpoint`` lies in, or None where it was copied elsewhere.

    By its name and not by where a link of that name leads.
    """
    folder = checkpoint.absolute().parent
    return folder.parent if folder.name == "checkpoints" else None


def read_checkpoint(path: Path, whole: bool = True) -> Checkpoint:
    """Read a checkpoint of this lab into memory, tensors and plain values only.

    Args:
        path: Of the file.
        whole: Whether its weights are wanted and all of it is held against its checksums; else
            the weights stay on the disk.

    Raises:
        LabError: If the file is damaged, is no checkpoint, or is another program's.
    """
    try:
        refuse_archive(path, whole)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on the format of what is about to be refused
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=not whole)
    except LabError:
        raise
    except pickle.UnpicklingError as error:
        raise LabError(
            f"{path} is no checkpoint of tensors and plain values, and was not read further: "
            "it is damaged or would run code"
        ) from error
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # whatever torch and zipfile make of any bytes
        raise LabError(f"{path} is damaged or no checkpoint ({told(error)})") from error
    refuse_content(content, path)
    return dict(content)


def refuse_archive(path: Path, whole: bool) -> None:
    """Raise LabError where a file is no archive as torch writes them: stored, each part once."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            raise LabError(f"{path} is no checkpoint")
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
            raise LabError(f"{path} is no checkpoint: its parts are compressed")
        if sum(part.file_size for part in parts) > path.stat().st_size:
            raise LabError(f"{path} is damaged: its parts are larger than it is")
        if whole and (damaged := archive.testzip()) is not None:
            raise LabError(f"{path} is damaged: the checksum of {damaged} does not match")


def refuse_content(content: Any, path: Path) -> None:
    """Raise LabError where what a file holds is no checkpoint of this format of this lab."""
    if not isinstance(content, Mapping) or CONFIG_KEY not in content:
        raise LabError(f"{path} is a file of another program, not a checkpoint of gan_lab")
    record = content[CONFIG_KEY]
    if not isinstance(record, Mapping):
        raise LabError(f"{path} is no checkpoint of gan_lab: its record is {type(record).__name__}")
    if (written := record.get("format", 1)) != FORMAT:
        raise LabError(
            f"{path} has checkpoint format {written}, and this version of gan_lab reads {FORMAT}; "
            f"use the version that wrote it, {record.get('version', 'unknown')}"
        )
    config = record.get("config")
    expected = {
        "gan_lab.version": isinstance(record.get("version"), str),
        "gan_lab.sequence": is_count(record.get("sequence")),
        "gan_lab.choices": isinstance(record.get("choices"), Mapping),
        "gan_lab.config": isinstance(config, Mapping) and isinstance(config.get("module"), Mapping),
        "global_step": is_count(content.get("global_step")),
        "state_dict": are_weights(content.get("state_dict")),
        EMA_KEY: EMA_KEY not in content or are_weights(content[EMA_KEY]),
    }
    wrong = [name for name, sound in expected.items() if not sound]
    if wrong:
        raise LabError(f"{path} is no checkpoint of gan_lab: its {wrong[0]} is missing or unsound")
    refuse_special(config, path)


def is_count(value: object) -> bool:
    """Tell whether ``value`` is an integer that can count something."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def are_weights(value: object) -> bool:
    """Tell whether ``value`` is names with tensors, each with all its numbers in the file."""
    return isinstance(value, Mapping) and all(
        isinstance(name, str)
        and isinstance(tensor, Tensor)
        and tensor.layout == torch.strided
        and tensor.device.type == "cpu"
        and is_whole(tensor)
        for name, tensor in value.items()
    )


def is_whole(tensor: Tensor) -> bool:
    """Tell whether a tensor has all its numbers, and none of them stands for several."""
    return tensor.nbytes <= tensor.untyped_storage().nbytes()


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
    state = checkpoint[EMA_KEY] if weights == "ema" else part_of(checkpoint, "task")
    return rebuild_task(checkpoint[CONFIG_KEY]["config"]["module"].get("task"), state, path, trust)


def load_discriminator(path: Path, trust: Sequence[str] = ()) -> Discriminator:
    """Rebuild a checkpoint's discriminator: evaluation mode, on the CPU.

    Raises:
        LabError: If the file is no checkpoint or names a class that is not on the allow-list.
    """
    checkpoint = read_checkpoint(path)
    node = checkpoint[CONFIG_KEY]["config"]["module"].get("discriminator")
    return rebuild_discriminator(node, part_of(checkpoint, "discriminator"), path, trust)


def part_of(checkpoint: Checkpoint, name: str) -> dict[str, Tensor]:
    """Return the weights of one of the module's parts: "task" or "discriminator"."""
    weights: Mapping[str, Tensor] = checkpoint["state_dict"]
    prefix = f"{name}."
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
