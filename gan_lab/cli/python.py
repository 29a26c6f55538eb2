"""Command lines as functions of Python."""

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from gan_lab.cli.app import FULL_ERROR, begin, config_dir, describe, is_bug
from gan_lab.errors import LabError


def in_process(
    task: Callable[[DictConfig], Any],
    config_name: str,
    arguments: list[str],
    rewrite: Callable[[list[str]], list[str]] | None = None,
) -> tuple[Any, Path]:
    """Do for a caller in Python what :func:`run` does for the command line.

    Args:
        task: Receives the composed configuration.
        config_name: The primary file in conf/, without its ending.
        arguments: The command line.
        rewrite: Changes it before Hydra reads it.

    Returns:
        What ``task`` returned, and the folder that Hydra chose for it.

    Raises:
        LabError: If something is wrong with what was asked.
    """
    before, asked = sys.argv, os.environ.get(FULL_ERROR)
    found: list[tuple[Any, Path]] = []

    @functools.wraps(task)
    def job(config: DictConfig) -> None:
        begin(config, config_name)
        found.append((task(config), Path(HydraConfig.get().runtime.output_dir)))

    try:
        os.environ[FULL_ERROR] = "1"
        sys.argv = [f"gan_lab.{config_name}", *(rewrite(arguments) if rewrite else arguments)]
        hydra.main(config_path=str(config_dir()), config_name=config_name, version_base="1.3")(
            job
        )()
    except Exception as error:
        if isinstance(error, LabError) or is_bug(error):
            raise
        raise LabError(describe(error)) from error
    finally:
        sys.argv = before
        if asked is None:
            os.environ.pop(FULL_ERROR, None)
        else:
            os.environ[FULL_ERROR] = asked
    return found[0]


def callable_module(module: str, function: str) -> None:
    """Let a module that is a command line be called too, as the function of the Python API.

    ``gan_lab.train`` is a module for ``python -m`` and a name of the API; a module's class may be
    exchanged for a subclass (Python's data model, "Customizing module attribute access").

    Args:
        module: Its name in sys.modules.
        function: Of :mod:`gan_lab.api`.
    """

    class CallableModule(ModuleType):
        def __call__(self, *arguments: Any, **settings: Any) -> Any:
            from gan_lab import api

            return getattr(api, function)(*arguments, **settings)

    sys.modules[module].__class__ = CallableModule
