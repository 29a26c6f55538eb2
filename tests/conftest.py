"""What many tests share: the command line in this process, and real MNIST."""

import importlib
import logging
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.hydra import Hydra

from gan_lab.data import MNISTDataModule

CommandLine = Callable[..., Path]
PLANE = {
    *("data=ring", "data=grid", "data=spiral", "data=swiss_roll"),
    *("data=shape_motion", "data=solids", "data=small_digits", "data=trajectories"),
    *("experiment=gail", "experiment=cloning"),
}
"""Data sets that are drawn or shipped and not read, and recipes of such."""


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)  # the networks here are too small for more to pay


MODE = Hydra.get_mode


@pytest.fixture(scope="session", autouse=True)
def _composed_once() -> Iterator[None]:
    """Spare each command the composing that only tells whether it asks for hydra.mode.

    That is a fifth of what a short run costs, and Hydra has no public way around it.
    """

    def mode(hydra: Hydra, config_name: str | None, overrides: list[str]) -> Any:
        asked = any("hydra.mode" in override for override in overrides)
        return MODE(hydra, config_name, overrides) if asked else None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Hydra, "get_mode", mode)
        yield


LOAD = FileConfigSource.load_config


@pytest.fixture(scope="session", autouse=True)
def _read_once() -> Iterator[None]:
    """Spare each command the parsing of files in conf/ that have not changed."""
    known: dict[tuple[Path, str, int, int], bytes] = {}

    def load(source: FileConfigSource, config_path: str) -> Any:
        file = Path(source.path, source._normalize_file_name(config_path))
        if not file.is_file():
            return LOAD(source, config_path)
        found = file.stat()
        key = file, source.provider, found.st_mtime_ns, found.st_size
        if key not in known:
            known[key] = pickle.dumps(LOAD(source, config_path))
        return pickle.loads(known[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FileConfigSource, "load_config", load)
        yield


@pytest.fixture(autouse=True)
def _no_log_of_an_earlier_test() -> Iterator[None]:
    """Close the log files that Hydra opened: pytest removes their folders."""
    yield
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, logging.FileHandler)]:
        if os.devnull not in handler.baseFilename:  # that is pytest's own
            root.removeHandler(handler)
            handler.close()


@pytest.fixture(scope="session")
def mnist_root() -> Path:
    """Return the folder of the real MNIST files, fetched once a machine."""
    root = Path(os.environ.get("GAN_LAB_DATA", "~/.cache/gan_lab")).expanduser()
    MNISTDataModule(root).prepare_data()
    return root


@pytest.fixture
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what an entry point leaves in the process."""
    for name in ("PL_GLOBAL_SEED", "PL_SEED_WORKERS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def train(
    mnist_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    _clean_environment: None,
) -> CommandLine:
    """Run ``python -m gan_lab.train`` in this process and return its run folder."""

    def run(*overrides: str, folder: str = "run") -> Path:
        from gan_lab.train import main

        run_dir = tmp_path / folder
        given = {override.partition("=")[0] for override in overrides}
        defaults: dict[str, object] = {"data.root": mnist_root, "trainer.accelerator": "cpu"}
        if PLANE & set(overrides):
            del defaults["data.root"]
        if not given & {"hydra.run.dir", "-m"}:
            defaults["hydra.run.dir"] = run_dir
        arguments = [
            *overrides,
            *(f"{key}={value}" for key, value in defaults.items() if key not in given),
        ]
        for name in ("evaluation", "nearest_neighbours"):  # they take longer than training here
            if not any(f"callbacks.{name}" in override for override in overrides):
                arguments.append(f"callbacks.{name}=null")
        monkeypatch.setattr(sys, "argv", ["train", *arguments])
        main()
        return run_dir

    return run


def entry(module: str) -> Callable[[], None]:
    """Return what ``python -m module`` runs."""
    found = importlib.import_module(module)
    if hasattr(found, "__path__"):
        found = importlib.import_module(f"{module}.__main__")
    main: Callable[[], None] = found.main
    return main


@pytest.fixture
def main_of(monkeypatch: pytest.MonkeyPatch, _clean_environment: None) -> Callable[..., int]:
    """Run ``python -m module arguments`` in this process and return its exit status."""

    def run(module: str, *arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", [module, *arguments])
        try:
            entry(module)()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return run


@pytest.fixture
def _no_stranger() -> Iterator[None]:
    """Import the package ``my_lab`` of a test anew, and leave nothing of it to the next."""
    forget("my_lab")
    yield
    forget("my_lab")


def forget(package: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
