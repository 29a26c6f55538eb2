"""Check a piece of GAN theory: ``python -m gan_lab.theory study=divergences``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from gan_lab.cli.app import run
from gan_lab.errors import LabError

if TYPE_CHECKING:
    from torch import Tensor

    from gan_lab.data import InMemoryDataModule


def main() -> None:
    """Run the command line, Hydra's multirun included."""
    run(answer, "theory")


def answer(config: DictConfig) -> None:
    """Run the study that ``config`` names, print its table and save everything.

    Raises:
        LabError: If there is no such study or an argument of it is out of range.
    """
    if config.get("study") is None:
        raise LabError("give study=NAME; python -m gan_lab.theory --help lists the names")
    import torch
    from rich.console import Console

    from gan_lab.cli.instantiate import build, select_number
    from gan_lab.theory.report import save, table
    from gan_lab.theory.study import Study

    torch.set_num_threads(1)  # the networks are so small that threads only wait for each other
    torch.manual_seed(select_number(config, "seed", int, 0))
    study = build(config, "study", **given(config))
    if not isinstance(study, Study):
        raise LabError(f"study._target_ must be a Study, got {type(study).__name__}")
    findings = study.run()
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)  # in a file or a pipe nothing need be folded
    console.print(table(findings))
    for note in findings.notes:
        console.print(note, style="dim")
    for path in save(findings, Path(config.run_dir)):
        console.print(str(path), soft_wrap=True)


def given(config: DictConfig) -> dict[str, Any]:
    """Return what a study takes that its YAML does not say: components of conf/, real images."""
    from hydra.utils import get_class

    from gan_lab.theory import catalogue

    takes = inspect.signature(get_class(config.study._target_)).parameters
    extra: dict[str, Any] = {}
    for group, argument, every in (
        ("loss", "losses", catalogue.losses),
        ("regularizer", "regularizers", catalogue.regularizers),
    ):
        configured = from_conf(group)  # importing them makes their classes known
        if argument in takes and config.study.get(argument) is None:
            extra[argument] = [*every(), *configured]
    if "images" in takes and config.images:
        extra["images"] = real_images(config)
    return extra


def from_conf(group: str) -> list[Any]:
    """Import every component that a group of conf/ names; build those that need arguments.

    So a user's own loss shows up in a study once a YAML names it, wherever its
    code lives.
    """
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.object_type import ObjectType
    from hydra.utils import get_object, instantiate

    from gan_lab.theory.catalogue import VARIANTS, needs_arguments

    built: list[Any] = []
    for source in GlobalHydra.instance().config_loader().get_sources():
        if not source.is_group(group):
            continue
        for name in source.list(group, ObjectType.CONFIG):
            content = source.load_config(f"{group}/{name}").config
            for node in components(OmegaConf.to_container(content)):
                try:
                    kind = get_object(node["_target_"])
                except Exception:
                    raise LabError(f"{group}={name}: cannot import {node['_target_']}") from None
                if needs_arguments(kind) and kind not in VARIANTS and complete(node):
                    built.append(instantiate(node, _convert_="all"))
    return built


def components(node: Any) -> Iterator[dict[str, Any]]:
    """Yield the outermost mappings with a ``_target_``."""
    if isinstance(node, dict) and "_target_" in node:
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from components(value)


def complete(node: dict[str, Any]) -> bool:
    """Whether a component's arguments are all there, none missing or taken from elsewhere."""
    return not node.get("_partial_") and not any(
        "${" in str(value) or value == "???" for value in node.values()
    )


def real_images(config: DictConfig) -> Tensor:
    """Return the first images of the training set, in [-1, 1]."""
    from gan_lab.cli.instantiate import build, select_number

    count = select_number(config, "images", int, 0)
    data: InMemoryDataModule = build(config, "data")
    data.prepare_data()
    data.setup()
    return data.medium.to_float(data.train.images[:count])


if __name__ == "__main__":
    main()
