"""What was asked, written into a command's folder, and not before the folder is its own.

Hydra would write it before our code runs: a command that is refused would then have changed what
the folder tells of the run that is in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from gan_lab.cli.resume import changes, told
from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.run.folder import SUMMARY, read_yaml

FOLDER = ".hydra"


@dataclass(frozen=True)
class Record:
    """The three files that Hydra keeps of a job, as it would write them.

    Attributes:
        texts: Their contents, by name.
        settings: The composed configuration as plain values, with its interpolations.
    """

    texts: Mapping[str, str]
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, config: DictConfig, overrides: Sequence[str] | None = None) -> "Record":
        """Return the record of the job that Hydra has composed ``config`` for.

        Args:
            config: What is asked.
            overrides: What was given by a person, where that is not this command line alone.
        """
        hydra = HydraConfig.get()
        return cls(
            texts={
                "config.yaml": OmegaConf.to_yaml(config),
                "hydra.yaml": OmegaConf.to_yaml({"hydra": hydra}),
                "overrides.yaml": OmegaConf.to_yaml(
                    hydra.overrides.task if overrides is None else list(overrides)
                ),
            },
            settings=cast(dict[str, Any], OmegaConf.to_container(config, resolve=False)),
        )

    def write(self, folder: Path) -> None:
        """Write the files, each whole or not at all.

        Raises:
            LabError: If the disk does not take them.
        """
        for name, text in self.texts.items():
            with written_whole(folder / FOLDER / name) as file:
                file.write(text.encode())


def recorded_settings(folder: Path) -> Mapping[str, Any] | None:
    """Return the configuration that a folder's run was last asked for; None if it tells none.

    Raises:
        LabError: If the file is damaged.
    """
    content: Mapping[str, Any] = read_yaml(folder / FOLDER / "config.yaml", dict)
    return content or None


def record_command(config: DictConfig) -> None:
    """Write what a command that trains nothing was asked.

    Raises:
        LabError: If its folder is a training run's, which tells there how it was trained.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    if (folder / SUMMARY).exists() or (folder / "checkpoints").exists():
        raise LabError(
            f"{folder} is a training run's own folder; give another hydra.run.dir, or "
            "output=FOLDER, which may lie in it"
        )
    Record.of(config).write(folder)


def refuse_other_job(folder: Path, record: Record) -> None:
    """Raise LabError where the run in a folder was made with other hyperparameters than a job's."""
    before = recorded_settings(folder)
    changed = {} if before is None else changes(before, record.settings)
    if changed:
        raise LabError(
            f"{folder} holds another job's run: {told(changed)}; give another sweep_dir, or "
            "allow_changes=true to take it for this one's"
        )
