"""A run that goes on: what it was asked, whether its checkpoint fits, its record in the folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from gan_lab.cli.resume import Changes, changes, refuse_changes
from gan_lab.errors import LabError
from gan_lab.run.folder import ONE_ATTEMPT, name_of, read_yaml

# Heavy libraries are imported inside functions, so that --help and a mistyped option answer fast.
if TYPE_CHECKING:
    from torch.optim import Optimizer

    from gan_lab.game import GAN

FACTORS = {"row_var", "col_var"}
"""What Adafactor keeps, in other shapes than the weights."""


def go_on(config: DictConfig) -> list[str]:
    """Let what a run was asked hold where the command line is silent.

    Args:
        config: As Hydra composed it; changed in place.

    Returns:
        The overrides that the folder is to tell of: what it says of how the run was asked, and what
        is asked now. Hydra itself would only tell of the last command.
    """
    from gan_lab.cli.inherit import inherit
    from gan_lab.run.checkpoint import CONFIG_KEY, read_checkpoint

    path = Path(config.resume)
    taken = inherit(config, read_checkpoint(path, whole=False)[CONFIG_KEY], path)
    if absent := sorted(OmegaConf.missing_keys(config)):
        raise LabError(f"give {absent[0]}=PATH: a checkpoint does not tell where anything lies")
    asked = list(HydraConfig.get().overrides.task)
    names = {*map(name_of, asked), *ONE_ATTEMPT}
    before = read_yaml(Path(config.run_dir) / ".hydra" / "overrides.yaml", list)
    before = before or [f"{key}={value}" for key, value in taken.items()]  # for people to read
    overrides = [text for text in map(str, before) if name_of(text) not in names]
    return overrides + [text for text in asked if name_of(text) not in ONE_ATTEMPT]


def refuse_unfit(config: DictConfig, path: Path) -> Changes:
    """Return the hyperparameters that changed on purpose since a checkpoint was written.

    Raises:
        LabError: If some changed and that was not asked for, if the networks
            are others, or if nothing is left to train.
    """
    from gan_lab.cli.instantiate import build
    from gan_lab.run.checkpoint import CONFIG_KEY, read_checkpoint
    from gan_lab.run.rebuild import differences, sketching

    content = read_checkpoint(path)
    changed = changes(content[CONFIG_KEY]["config"], OmegaConf.to_container(config, resolve=True))
    if not config.allow_changes:
        refuse_changes(changed)
    with sketching(content["state_dict"]):  # before there is memory for what a file may name
        found = differences(build(config, "module"), content["state_dict"])
    if found:
        raise LabError(
            f"the networks of {path} have other shapes than those asked for ({found[0]}); "
            "model, latent_dim and data.sample_shape must stay"
        )
    if content["global_step"] != config.first_step:
        raise LabError("first_step is set by resume; give resume=PATH alone")
    if content["global_step"] >= config.trainer.max_steps:
        raise LabError(
            f"{path} is at step {content['global_step']} already; "
            f"trainer.max_steps={2 * content['global_step'] or 1} would go on"
        )
    return changed


def refuse_states(module: GAN, path: Path, changed: Changes) -> None:
    """Raise LabError where a checkpoint does not hold the state of every optimizer.

    Of optimizers that are others now, on purpose, only the number counts.
    """
    from gan_lab.contracts import PLAYERS
    from gan_lab.run.checkpoint import read_checkpoint
    from gan_lab.run.rebuild import told

    content = read_checkpoint(path)
    built = module.configure_optimizers()
    optimizers = built[0] if isinstance(built, tuple) else built
    states = content.get("optimizer_states")
    if not isinstance(states, list) or len(states) != len(optimizers):
        raise LabError(f"{path} lacks the states of the {len(optimizers)} optimizers")
    if any(key.startswith("optimizer.") for key in changed):
        return
    for player, optimizer, state in zip(PLAYERS, optimizers, states, strict=True):
        try:
            optimizer.load_state_dict(state)
            moved = module.phases.moved(player, content["global_step"])
            empty = moved and not state["state"] and "betas" in optimizer.defaults
            refuse_moments(optimizer)
        except Exception as error:  # whatever torch makes of any values
            raise LabError(f"{path} holds no sound state of an optimizer: {told(error)}") from error
        if empty:
            raise LabError(f"{path} holds an optimizer without its moments")


def refuse_moments(optimizer: Optimizer) -> None:
    """Raise ValueError where what an optimizer keeps of a weight is not shaped like it."""
    from torch import Tensor

    from gan_lab.run.checkpoint import is_whole

    for parameter, kept in optimizer.state.items():
        for name, value in kept.items():
            if name in FACTORS or not isinstance(value, Tensor):
                continue
            fits = value.numel() == 1 or value.shape == parameter.shape
            if not (fits and is_whole(value)):
                raise ValueError(f"{name} of shape {list(value.shape)}")


@contextmanager
def restoring(path: Path | None, begun: Event) -> Iterator[None]:
    """Tell what goes wrong before a run that goes on has begun as an error in its file.

    Args:
        path: Of the checkpoint, if there is one.
        begun: Set once it has.

    Raises:
        LabError: That says so in one line.
    """
    from gan_lab.run.rebuild import told

    try:
        yield
    except LabError:
        raise
    except Exception as error:
        if path is None or begun.is_set():
            raise
        raise LabError(f"{path} cannot be gone on from: {told(error)}") from error
