"""Check a piece of GAN theory: ``python -m gan_lab.theory study=divergences``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from gan_lab.app import run
from gan_lab.errors import LabError

if TYPE_CHECKING:
    from torch import Tensor


def main() -> None:
    """Run the command line, Hydra's multirun included."""
    run(answer, "theory")


def answer(config: DictConfig) -> None:
    """Run the study that ``config`` names, print its table and save everything.

    Raises:
        LabError: If there is no such study or an argument of it is out of range.
    """
    if OmegaConf.is_missing(config, "study"):
        raise LabError("give study=NAME; python -m gan_lab.theory --help lists the names")
    import torch
    from rich.console import Console

    from gan_lab.instantiate import build
    from gan_lab.theory.report import save, table
    from gan_lab.theory.study import Study

    import_own(config)
    extra: dict[str, Any] = {}
    if config.get("image_count"):
        extra["images"] = real_images(config)
    study = build(config, "study", **extra)
    if not isinstance(study, Study):
        raise LabError(f"study._target_ must be a Study, got {type(study).__name__}")
    torch.manual_seed(config.seed)
    findings = study.run()
    console = Console()
    console.print(table(findings))
    for note in findings.notes:
        console.print(note, style="dim")
    for path in save(findings, Path(config.run_dir)):
        print(path)


def import_own(config: DictConfig) -> None:
    """Import every component that conf/ configures, a user's own included.

    The studies look at every loss and regularizer that is imported; one that
    lives in a user's package is, once a YAML of its group names it.
    """
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.object_type import ObjectType
    from hydra.utils import get_object

    loader = GlobalHydra.instance().config_loader()
    for group in ("loss", "regularizer"):
        for name in loader.get_group_options(group, ObjectType.CONFIG):
            source = loader.load_configuration  # noqa: F841
