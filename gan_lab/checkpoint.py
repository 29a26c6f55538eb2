"""Checkpoints: written whole or not at all, read without running anybody's code."""

import logging
import os
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from gan_lab import models
from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.models import Generator

CONFIG_KEY = "gan_lab"
"""Where a checkpoint keeps its run's version, overrides and composed configuration."""

EMA_KEY = "generator_ema"
"""Where a checkpoint keeps the averaged weights, named as the generator names its own."""

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
    return dict(checkpoint)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def load_generator(path: Path, weights: str = "raw") -> Generator:
    """Rebuild a checkpoint's generator, ready to sample: evaluation mode, on the CPU.

    Args:
        path: Of the checkpoint.
        weights: "raw", those that training moved, or "ema", their average.

    Raises:
        LabError: If the file is no checkpoint or names a class that is not on the allow-list.
    """
    if weights not in ("raw", "ema"):
        raise LabError(f"weights must be raw or ema, got {weights!r}")
    checkpoint = read_checkpoint(path)
    generator: Generator = rebuild(checkpoint[CONFIG_KEY]["config"]["model"]["generator"])
    if weights == "ema":
        if EMA_KEY not in checkpoint:
            raise LabError(f"{path} holds no averaged weights; use weights=raw")
        state = checkpoint[EMA_KEY]
    else:
        prefix, raw = "generator.", checkpoint["state_dict"].items()
        state = {name.removeprefix(prefix): v for name, v in raw if name.startswith(prefix)}
    generator.load_state_dict(state)
    generator.eval()
    return generator


def rebuild(node: Mapping[str, Any], package: ModuleType = models) -> Any:
    """Call the class of ``package`` that a checkpoint's configuration names, and no other."""
    place, _, name = str(node.get("_target_")).rpartition(".")
    if place != package.__name__ or name not in package.__all__:
        raise LabError(
            f"the checkpoint asks for {node.get('_target_')!r}, and only classes of "
            f"{package.__name__} are rebuilt from a file"
        )
    arguments = {key: value for key, value in node.items() if not key.startswith("_")}
    return getattr(package, name)(**arguments)
