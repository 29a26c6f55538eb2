"""What the entry points share: where the configuration is, and errors that fit on one line."""

import difflib
import functools
import hashlib
import math
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, cast

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, InstantiationException, MissingConfigException
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from gan_lab.errors import LabError
from gan_lab.run.folder import find_runs, record_failure

FULL_ERROR = "HYDRA_FULL_ERROR"
FOR_PEOPLE = LabError, HydraException, OmegaConfBaseException, OSError
"""Errors that a person can mend; any other is a bug and keeps its traceback."""


def config_dir() -> Path:
    """Return the absolute path of conf/: inside an installed package, beside it in a clone."""
    package = Path(__file__).resolve().parents[1]
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


def merged(*keys: str, _root_: DictConfig) -> dict[str, Any]:
    """Return the entries of several nodes of the configuration as one, later ones first in rank."""
    found: dict[str, Any] = {}
    for key in keys:
        node = OmegaConf.select(_root_, key)
        found |= cast(dict[str, Any], OmegaConf.to_container(node, resolve=True)) if node else {}
    return found


OmegaConf.register_new_resolver("folder_name", folder_name, replace=True)
OmegaConf.register_new_resolver("merged", merged, replace=True)


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

    @functools.wraps(task)
    def job(config: DictConfig) -> Any:
        in_sweep = HydraConfig.get().mode is RunMode.MULTIRUN
        name = HydraConfig.get().job.override_dirname
        try:
            return task(config)
        except Exception as error:
            if config_name == "train":
                record_failure(Path(HydraConfig.get().runtime.output_dir), describe(error))
            if is_bug(error) or wants_traceback:
                if not in_sweep:
                    raise
                traceback.print_exc()
            elif not in_sweep:
                fail(describe(error))
            # One failed job must not end a sweep, in whatever process it runs.
            complain(f"{name}: {describe(error)}")
            return math.nan

    SWEEPS.clear()
    try:
        if rewrite is not None:
            sys.argv[1:] = rewrite(sys.argv[1:])
        hydra.main(config_path=str(config_dir()), config_name=config_name, version_base="1.3")(
            job
        )()
    except Exception as error:
        if (missing := missing_plugin(error)) is not None:
            fail(missing)
        if wants_traceback or is_bug(error):
            raise
        fail(describe(error))
    except KeyboardInterrupt:
        complain("interrupted")
        sys.exit(128 + signal.SIGINT)
    finally:
        os.environ[FULL_ERROR] = asked
        unfinished = [line for folder in SWEEPS for line in unfinished_jobs(folder)]
        for line in unfinished:
            complain(line)
    if unfinished:
        sys.exit(1)


def is_bug(error: Exception) -> bool:
    """Tell whether an error is ours, and not one that a person can mend."""
    return not isinstance(error, FOR_PEOPLE) or isinstance(error, InstantiationException)


SWEEPS: list[Path] = []
"""Folders of the sweeps that this process has started."""


class SweepNote(Callback):
    """Notes where a sweep's jobs are, so that what became of them can be told at its end."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder."""
        SWEEPS.append(Path(config.hydra.sweep.dir))


def unfinished_jobs(sweep: Path) -> list[str]:
    """Say which of a sweep's jobs failed or stopped, and how they go on; nothing where none did."""
    runs = find_runs(sweep) if sweep.is_dir() else []
    lines = []
    for status in ("failed", "interrupted", "killed"):
        names = [run.path.name for run in runs if run.status == status]
        if names:
            lines.append(f"{len(names)} job(s) {status}: {'; '.join(names)}")
    if lines:
        lines.append(f"the same command with sweep_dir={sweep} goes on with them")
    return lines


PLUGINS = "joblib", "submitit", "ray", "optuna"


def missing_plugin(error: Exception) -> str | None:
    """Return how to install the launcher or sweeper that an error is about, if it is about one."""
    for name in PLUGINS:
        if f"hydra_plugins.hydra_{name}" in str(error):
            return f"the {name} plugin is not installed: pip install 'gan-lab[{name}]'"
    return None


def quoted(value: object) -> str:
    """Return ``value`` as a quoted string of Hydra's override grammar.

    >>> quoted("a=b,c")
    "'a=b,c'"
    """
    return "'" + str(value).replace("'", r"\'") + "'"


def literal_paths(arguments: list[str], *keys: str) -> list[str]:
    """Return ``arguments`` with the values of ``keys`` quoted, as paths may hold = and commas.

    >>> literal_paths(["checkpoint=runs/a=1,b=2", "seed=0"], "checkpoint")
    ["checkpoint='runs/a=1,b=2'", 'seed=0']
    """
    split = [argument.partition("=") for argument in arguments]
    return [
        f"{key}={quoted(value)}" if key in keys and value[:1] not in ("'", '"', "[", "") else whole
        for whole, (key, _, value) in zip(arguments, split, strict=True)
    ]


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
