"""What the entry points share: where the configuration is, and errors that fit on one line."""

import difflib
import functools
import hashlib
import math
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, InstantiationException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from gan_lab.errors import LabError

FULL_ERROR = "HYDRA_FULL_ERROR"
FOR_PEOPLE = LabError, HydraException, OmegaConfBaseException, OSError
"""Errors that a person can mend; any other is a bug and keeps its traceback."""


def config_dir() -> Path:
    """Return the absolute path of conf/: inside an installed package, beside it in a clone."""
    package = Path(__file__).resolve().parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def folder_name(overrides: str) -> str:
    """Return a job's overrides as one folder's name: no separators, at most 200 characters.

    >>> folder_name("data.root=/data,seed=1")
    'data.root=_data,seed=1'
    """
    name = overrides.replace("/", "_")
    if len(name) <= 200:
        return name
    return f"{name[:183]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


OmegaConf.register_new_resolver("folder_name", folder_name, replace=True)


def run(
    task: Callable[[DictConfig], Any],
    config_name: str,
    rewrite: Callable[[list[str]], list[str]] | None = None,
) -> None:
    """Compose the configuration that the command line asks for and hand it to ``task``.

    What a person can mend is printed as one line, with exit status 1. Setting
    HYDRA_FULL_ERROR=1 in the environment shows the traceback instead.

    Args:
        task: Receives the composed configuration.
        config_name: The primary file in conf/, without its ending.
        rewrite: Changes the command line's arguments before Hydra reads them.
    """
    asked = os.environ.get(FULL_ERROR, "0")
    wants_traceback = asked == "1"
    os.environ[FULL_ERROR] = "1"  # makes Hydra raise, so that we word the message
    failed: list[str] = []

    @functools.wraps(task)
    def job(config: DictConfig) -> Any:
        try:
            return task(config)
        except FOR_PEOPLE as error:
            if wants_traceback or isinstance(error, InstantiationException):
                raise  # the latter is a bug that surfaced inside a component
            if HydraConfig.get().mode is not RunMode.MULTIRUN:
                fail(describe(error))
            # One failed job must not end a sweep.
            failed.append(HydraConfig.get().job.override_dirname)
            complain(f"{failed[-1]}: {describe(error)}")
            return math.nan

    try:
        if rewrite is not None:
            sys.argv[1:] = rewrite(sys.argv[1:])
        hydra.main(config_path=str(config_dir()), config_name=config_name, version_base="1.3")(
            job
        )()
    except FOR_PEOPLE as error:
        if wants_traceback or isinstance(error, InstantiationException):
            raise
        fail(describe(error))
    except KeyboardInterrupt:
        complain("interrupted")
        sys.exit(128 + signal.SIGINT)
    finally:
        os.environ[FULL_ERROR] = asked
    if failed:
        fail(f"{len(failed)} job(s) failed: {'; '.join(failed)}")


def complain(message: str) -> None:
    """Print ``message`` as one line on standard error."""
    print("gan_lab: " + " ".join(message.split()), file=sys.stderr)


def fail(message: str) -> NoReturn:
    """Print ``message`` as one line on standard error and exit with status 1."""
    complain(message)
    sys.exit(1)


def describe(error: BaseException) -> str:
    """Return what is wrong and what would be right."""
    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        return f"{group}={choice} does not exist; choose one of {', '.join(error.options)}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"cannot read or write {error.filename}: {error.strerror}"
    cause = error.__cause__
    if isinstance(cause, ConfigAttributeError | ConfigKeyError):
        return unknown_key(cause)
    if isinstance(cause, OmegaConfBaseException):
        return f"{error} ({cause})"
    return str(error)


def unknown_key(error: ConfigAttributeError | ConfigKeyError) -> str:
    """Name the keys that look like the one that does not exist."""
    known = [str(key) for key in error.parent_node] if error.parent_node is not None else []
    near = difflib.get_close_matches(str(error.key), known, n=1, cutoff=0.6)
    parent, _, _ = str(error.full_key).rpartition(".")
    prefix = f"{parent}." if parent else ""
    hint = f"did you mean {prefix}{near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"there is no key {error.full_key} ({hint}); +{error.full_key}=... would add it"
