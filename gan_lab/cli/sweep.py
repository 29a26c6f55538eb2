"""Many jobs of one command: what their folders are called, and what became of them."""

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from gan_lab.run.folder import find_runs, name_of, read_summary

LONGEST = 200
"""Bytes of a folder's name; file systems allow 255."""
FIXED = "hydra.job.config.override_dirname.exclude_keys"
"""Where Hydra keeps the keys that a job's name leaves out."""


class Interrupted(SystemExit):
    """The end of a process that was told to stop, which ends a sweep too."""


def folder_name(overrides: str) -> str:
    """Return a job's overrides as one folder's name, another one for each.

    What no name may hold becomes "_", and a name of more than LONGEST bytes is cut; a digest then
    keeps it apart from its like.

    >>> folder_name("loss=wgan,seed=1")
    'loss=wgan,seed=1'
    >>> folder_name("data.root=/data")
    'data.root=_data-b3338fc472d305a3'
    """
    name = re.sub(r"[/\\\x00-\x1f\x7f]", "_", overrides)
    encoded = name.encode(errors="replace")
    if name == overrides and len(encoded) <= LONGEST:
        return name
    digest = hashlib.sha256(overrides.encode(errors="surrogatepass")).hexdigest()[:16]
    short = encoded[: LONGEST - len(digest) - 1].decode(errors="ignore")
    return f"{short}-{digest}"


def job_name(*, _root_: DictConfig) -> str:
    """Return the name of a job's folder: its overrides, or those of them that vary in the sweep."""
    overrides = list(_root_.hydra.overrides.task)
    fixed = set(OmegaConf.select(_root_, FIXED) or ())
    varying = [override for override in overrides if name_of(override) not in fixed]
    return folder_name(",".join(o.lstrip("+") for o in sorted(varying or overrides)) or "job")


OmegaConf.register_new_resolver("job_name", job_name, replace=True)


def named_by_what_varies(arguments: Sequence[str]) -> list[str]:
    """Return a sweep's arguments with those that do not vary kept out of its folders' names.

    >>> named_by_what_varies(["-m", "loss=wgan,hinge", "n_critic=2"])[-1]
    "hydra.job.config.override_dirname.exclude_keys=['n_critic']"
    """
    overrides = [a for a in arguments if ("=" in a or a[:1] == "~") and not a.startswith("-")]
    if not {"-m", "--multirun"} & set(arguments) or any(FIXED in a for a in overrides):
        return list(arguments)
    try:
        parsed = OverridesParser.create().parse_overrides(overrides)
    except HydraException:
        return list(arguments)  # Hydra says what is wrong
    fixed = sorted({o.key_or_group for o in parsed if not o.is_sweep_override()})
    return [*arguments, f"{FIXED}=[{','.join(map(repr, fixed))}]"]


def holds_run(folder: Path) -> bool:
    """Tell whether steps were trained in a folder."""
    last = folder / "checkpoints" / "last.ckpt"
    return last.exists() or bool(read_summary(folder).get("steps"))


SWEEPS: list[tuple[str, Path]] = []
"""The commands and folders of the sweeps that this process has started."""


class SweepNote(Callback):
    """Notes where a sweep's jobs are, so that what became of them can be told at its end."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder."""
        SWEEPS.append((config.hydra.job.config_name, Path(config.hydra.sweep.dir)))


def forget_sweeps() -> None:
    """Begin anew, where one process runs several commands."""
    SWEEPS.clear()


def tell_of_sweeps() -> bool:
    """Say what became of a sweep's jobs and what to do next; whether some were not finished."""
    left = False
    for command, folder in SWEEPS:
        if command == "train":
            unfinished = unfinished_jobs(folder)
            left = left or bool(unfinished)
            for line in unfinished:
                print(f"gan_lab: {line}", file=sys.stderr)
            print_comparison(folder)
    return left


def in_sweep() -> bool:
    """Tell whether the job at hand is one of a sweep."""
    return HydraConfig.get().mode is RunMode.MULTIRUN


def unfinished_jobs(sweep: Path) -> list[str]:
    """Say which of a sweep's jobs failed or stopped, and how they go on; nothing where none did."""
    runs = find_runs(sweep) if sweep.is_dir() else []
    lines = []
    for status in ("failed", "interrupted", "killed", "damaged"):
        names = [run.path.name for run in runs if run.status == status]
        if names:
            lines.append(f"{len(names)} job(s) {status}: {'; '.join(names)}")
    if lines:
        lines.append(f"the same command with sweep_dir={sweep} goes on with them")
    return lines


def print_comparison(sweep: Path) -> None:
    """Say how a sweep's finished runs are compared, where there are two."""
    from gan_lab.cli.announce import argument, relative

    runs = find_runs(sweep) if sweep.is_dir() else []
    finished = [run for run in runs if run.status == "finished"]
    if len(finished) > 1:
        print(
            f"{len(finished)} run(s) finished in {relative(sweep)}\n"
            f"  compare them python -m gan_lab.report {argument('runs', relative(sweep))}",
            file=sys.stderr,
        )


@contextmanager
def alone() -> Iterator[None]:
    """Leave nothing of a parallel run behind, which the sweep's next job would take for its own."""
    import torch

    names = ("LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
