"""A run's own settings out of its checkpoint: taken up as data, never as a command line.

A checkpoint may be a stranger's. It holds the choices that its run made of the lab's groups of
configuration, each one word, and what its configuration resolved to. A run that goes on is composed
by Hydra from those choices and the user's command line. Then the stored values that say something
else than those choices give are set on what was composed, one by one, wherever the command line
says nothing. No text of a file is parsed, by a shell, by Hydra or by YAML, and nothing in it is an
interpolation. What a file may set:

- a key that is there already, an argument of its class, or an entry of a mapping that is made to be
  added to, such as ``terms``;
- to a plain value, or to classes of the lab's learning rooms, torch's optimizers, and packages that
  the command line trusts;
- nothing that says where something lies or is sent: no path, no logger, no key of Hydra's. Those
  come from the command line and the lab's own files alone.

Two other ways were left. Handing Hydra the run's command line again lets a file say whatever a
command line can. Building everything from resolved values alone would lose what follows what: a
``latent_dim`` that is changed must reach the prior and the generator.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict

from gan_lab.cli.app import config_dir
from gan_lab.cli.stored import OPEN, Place, beyond, refuse_unsafe
from gan_lab.errors import LabError
from gan_lab.run.checkpoint import FORMAT
from gan_lab.run.rebuild import without_paths

OURS = (
    *("allow_changes", "first_step", "hydra", "inherited", "logger", "objective", "resume"),
    *("run_dir", "trust", "pretrained.discriminator", "pretrained.generator"),
)
"""What is asked of one attempt, or says where a run is read and written, and never the file's."""

WORD = re.compile(r"[\w-]+")


class Asked(NamedTuple):
    """What a command line asks for.

    Attributes:
        choices: Each group's file, where one is named.
        keys: Dotted keys whose values are set, added or taken away.
    """

    choices: dict[str, str]
    keys: list[str]


@cache
def groups() -> frozenset[str]:
    """Return the lab's groups of configuration that belong to a run."""
    root = config_dir()
    names = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_dir())
    return frozenset(n for n in names if n.partition("/")[0] not in ("hydra", "study", "sweep"))


def asked(overrides: Sequence[str]) -> Asked:
    """Tell a command line's choices of groups from the values that it sets."""
    found = Asked({}, [])
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        key = override.key_or_group
        value = None if override.is_sweep_override() else override.value()
        word = "null" if value is None else value
        if key in groups() and isinstance(word, str) and WORD.fullmatch(word):
            found.choices[key] = word
        else:
            found.keys.append(key)
    return found


def record(config: DictConfig, version: str) -> dict[str, Any]:
    """Return what a checkpoint keeps of its run: plain values, none that tells of this machine."""
    return {
        "format": FORMAT,
        "version": version,
        "sequence": 0,
        "choices": asked(HydraConfig.get().overrides.task).choices,
        "config": without_paths(OmegaConf.to_container(config, resolve=True)),
    }


def stored_choices(stored: Mapping[str, Any], path: Path) -> dict[str, str]:
    """Return the choices in a checkpoint's record.

    Raises:
        LabError: If one is not a word, or not of a group of the lab's.
    """
    for group, choice in stored["choices"].items():
        if not (
            group in groups() and isinstance(choice, str) and WORD.fullmatch(choice) is not None
        ):
            raise LabError(
                f"{path} chooses {str(choice)[:40]!r} of {str(group)[:40]!r}, and a checkpoint "
                "chooses by one word, of the lab's groups"
            )
    return dict(stored["choices"])


def inherit(config: DictConfig, stored: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Set on a composed configuration what a run was asked beyond its choices; see the module.

    Args:
        config: As composed from the run's choices and the command line; changed in place.
        stored: The checkpoint's record.
        path: Of the checkpoint, for messages.

    Returns:
        The values that were set, by their dotted keys.

    Raises:
        LabError: If a value is stored that no file may set.
    """
    overrides = HydraConfig.get().overrides
    line, choices = asked(overrides.task), stored_choices(stored, path)
    found_by = [text for text in overrides.hydra if text.startswith("hydra.searchpath=")]
    composed = hydra.compose("train", [*found_by, *(f"{k}={v}" for k, v in choices.items())], True)
    before, now = composed.hydra.runtime.choices, HydraConfig.get().runtime.choices
    anew = [group.replace("/", ".") for group in line.choices if before.get(group) != now[group]]
    ours = (*OURS, *line.keys, *anew)
    with open_dict(composed):
        del composed["hydra"]
    taken: dict[str, Any] = {}
    for place in missing(composed, stored["config"]):
        if not is_ours(place, ours):
            put(config, place, None)
            taken[".".join(place)] = None
    for derived in (False, True):  # values that others follow, then those that follow none
        plain, resolved = (
            cast(dict[str, Any], OmegaConf.to_container(composed, resolve=resolve))
            for resolve in (False, True)
        )
        for found in [*beyond(stored["config"], plain, resolved, derived)]:
            if is_ours(found.place, OURS):
                continue
            put(composed, found.place, found.value)
            if not is_ours(found.place, ours):
                refuse_unsafe(found, config.trust, path)
                if put(config, found.place, found.value):
                    taken[".".join(found.place)] = found.value
    return taken


def missing(composed: DictConfig, stored: Mapping[str, Any]) -> Iterator[Place]:
    """Yield the entries that a run took away from mappings that are made to be changed."""
    for name in OPEN:
        theirs = OmegaConf.select(composed, name)
        rest: Any = stored
        for key in name.split("."):
            rest = rest.get(key) if isinstance(rest, Mapping) else None
        if isinstance(rest, Mapping):
            yield from ((*name.split("."), key) for key in theirs if key not in rest)


def is_ours(place: Place, ours: Sequence[str]) -> bool:
    """Tell whether a place is one of ``ours``, within one, or holds one."""
    name = ".".join(place)
    return any(f"{name}.".startswith(f"{key}.") or f"{key}.".startswith(f"{name}.") for key in ours)


def put(config: DictConfig, place: Place, value: Any) -> bool:
    """Set a value where there is a place for it, and tell whether there was one.

    There is none in what is absent, null, or another's by interpolation.
    """
    node = config
    for key in place[:-1]:
        if OmegaConf.is_missing(node, key) or OmegaConf.is_interpolation(node, key):
            return False
        node = node.get(key)
        if not isinstance(node, DictConfig):
            return False
    with open_dict(node):
        node[place[-1]] = value
    return True
