"""What the entry points share: where the configuration is, and errors that fit on one line."""

import functools
import math
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, cast

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException, InstantiationException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from gan_lab.cli.faults import mendable, unknown_key
from gan_lab.cli.sweep import (
    Interrupted,
    forget_sweeps,
    in_sweep,
    named_by_what_varies,
    tell_of_sweeps,
)
from gan_lab.errors import LabError

FULL_ERROR = "HYDRA_FULL_ERROR"
FOLDERS = "hydra.run.dir", "hydra.sweep.dir", "output", "run_dir"
"""Keys of folders that are written to."""
FOR_PEOPLE = LabError, HydraException, OmegaConfBaseException, OSError
"""Errors that a person can mend; any other is a bug and keeps its traceback."""


def config_dir() -> Path:
    """Return the absolute path of conf/: inside an installed package, beside it in a clone."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def merged(*keys: str, _root_: DictConfig) -> dict[str, Any]:
    """Return the entries of several nodes of the configuration as one, later ones first in rank."""
    found: dict[str, Any] = {}
    for key in keys:
        node = OmegaConf.select(_root_, key)
        found |= cast(dict[str, Any], OmegaConf.to_container(node, resolve=True)) if node else {}
    return found


def options_of(command: str) -> str:
    """Return what a command takes, as its file in conf/ says it, for Hydra's template of help."""
    lines = (config_dir() / f"{command}.yaml").read_text().splitlines()
    own = [line for line in lines if not line.startswith(" ")]  # neither Hydra's nor the defaults'
    told = [line for line in own if line and line.rstrip(":") not in ("hydra", "defaults")]
    return "\n".join(told).replace("$", "$$")


OmegaConf.register_new_resolver("merged", merged, replace=True)
OmegaConf.register_new_resolver("total", lambda *numbers: sum(numbers), replace=True)
OmegaConf.register_new_resolver("options_of", options_of, replace=True)


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

    composing = False

    @functools.wraps(task)
    def job(config: DictConfig) -> Any:
        nonlocal composing
        composing = False
        sweeping = in_sweep()
        name = HydraConfig.get().job.override_dirname
        try:
            begin(config, config_name)
            return task(config)
        except (Exception, SystemExit) as error:
            if isinstance(error, SystemExit):
                if not sweeping or isinstance(error, Interrupted):
                    raise
            elif is_bug(error) or wants_traceback:
                if not sweeping:
                    raise
                traceback.print_exc()
            elif not sweeping:
                fail(describe(error))
            # One failed job must not end a sweep, in whatever process it runs.
            complain(f"{name}: {describe(error)}")
            return math.nan

    forget_sweeps()
    try:
        if rewrite is not None:
            sys.argv[1:] = rewrite(sys.argv[1:])
        refuse_no_folder(sys.argv[1:])
        sys.argv[1:] = named_by_what_varies(sys.argv[1:])
        composing = True
        hydra.main(config_path=str(config_dir()), config_name=config_name, version_base="1.3")(
            job
        )()
    except Exception as error:
        # What fails in Hydra's hands is what it was given.
        if wants_traceback or (is_bug(error) and not composing):
            raise
        fail(describe(error))
    except SystemExit as end:
        if composing and end.code == 2:  # Hydra's parser of options has said which it does not know
            complain("a setting is written key=value, without dashes; --help lists them")
        raise
    except KeyboardInterrupt:
        complain("interrupted")
        sys.exit(128 + signal.SIGINT)
    finally:
        os.environ[FULL_ERROR] = asked
        unfinished = tell_of_sweeps()
    if unfinished:
        sys.exit(1)


def begin(config: DictConfig, config_name: str) -> None:
    """Check what a command was asked and write it into its folder; a training does so by itself.

    Raises:
        LabError: If a key holds what it must not or nothing, or the folder is a training run's.
    """
    if config_name == "train":  # which first makes sure that the folder is its own
        return
    from gan_lab.cli.record import record_command
    from gan_lab.cli.settings import check_settings, refuse_missing

    check_settings(config, config_name)
    refuse_missing(config)
    record_command(config)


def refuse_no_folder(arguments: list[str]) -> None:
    """Raise LabError where a folder to write to is given and empty, or cannot be Hydra's."""
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if key.startswith("hydra.") and key in FOLDERS and r"\${" in value:
            raise LabError(
                f"{key}: Hydra writes into no folder with ${{ in its name; choose another"
            )
        if equals and key in FOLDERS and value.strip("'\" ") in ("", "null"):
            raise LabError(f"{key} must name a folder, got nothing")


def is_bug(error: BaseException) -> bool:
    """Tell whether an error is ours, and not one that a person can mend."""
    if mendable(error) is not None:
        return False
    return not isinstance(error, FOR_PEOPLE) or isinstance(error, InstantiationException)


def quoted(value: object) -> str:
    r"""Return ``value`` as a quoted string of Hydra's override grammar that stands for just that.

    >>> quoted("a=b,c"), quoted("it's ${here}")
    ("'a=b,c'", "'it\\'s \\${here}'")
    """
    # OmegaConf reads \${ as no interpolation, and halves the backslashes before it.
    literal = re.sub(r"(\\*)\$\{", r"\1\1\\${", str(value))
    return QuotedString(literal, Quote.single).with_quotes()


def unquoted(value: str) -> str:
    """Return what a quoted string of Hydra's stands for; anything else stands for itself.

    >>> unquoted("'a=b,c'"), unquoted("a=b,c"), unquoted("'")
    ('a=b,c', 'a=b,c', "'")
    """
    if len(value) < 2 or value[0] not in "'\"" or value[-1] != value[0]:
        return value
    try:
        text = str(OverridesParser.create().parse_override(f"value={value}").value())
    except HydraException:
        return value
    try:
        return str(OmegaConf.create({"value": text}).value) if r"\${" in text else text
    except OmegaConfBaseException:
        return text


def literal_paths(arguments: list[str], *keys: str) -> list[str]:
    """Return ``arguments`` with the values of ``keys`` quoted, as a path may hold any character.

    >>> literal_paths(["checkpoint=runs/a=1,b=2", "seed=0"], "checkpoint")
    ["checkpoint='runs/a=1,b=2'", 'seed=0']
    """
    split = [argument.partition("=") for argument in arguments]
    return [
        f"{key}={quoted(unquoted(value))}" if key in keys and value not in ("", "null") else whole
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
    if (known := mendable(error)) is not None:
        return known
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
