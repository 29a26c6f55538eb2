"""Continuing a run: what it was asked, and the place it stopped; see :mod:`gan_lab.cli.inherit`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gan_lab.cli.app import quoted, unquoted
from gan_lab.errors import LabError

Changes = Mapping[str, tuple[Any, Any]]
"""Dotted keys with the values before and now."""

NOT_LEARNT = (
    "allow_changes",
    "callbacks",
    "data.root",
    "first_step",
    "hydra",
    "inherited",
    "logger",
    "metrics",
    "objective",
    "pretrained.discriminator",
    "pretrained.generator",
    "resume",
    "run_dir",
    "trainer.accelerator",
    "trainer.deterministic",
    "trainer.devices",
    "trainer.log_every_n_steps",
    "trainer.max_steps",
    "trainer.num_nodes",
    "trainer.strategy",
    "trust",
)
"""Keys that may change when a run goes on: where, how long and how closely watched it is.

What says where something lies may change too, and where weights once came from is of no more use.
"""
LEARNT = ("callbacks.ema",)
"""What is within these and still changes what a run ends with."""


def resumed_arguments(arguments: list[str]) -> list[str]:
    """Return ``arguments`` with what the resumed run was asked put in place of ``resume``.

    ``resume=PATH`` alone continues a run as it was; further overrides on the
    command line win over the run's own. A checkpoint inside a run folder goes
    on in that folder. ``resume=auto`` means the newest sound checkpoint of
    ``hydra.run.dir``, or a new run where that folder holds none. ``sweep_dir``
    is short for ``hydra.sweep.dir``.

    What the run chose of the lab's groups goes into the command line, a checked word each; all
    else that it was asked is set on the composed configuration by :func:`inherit`.

    Args:
        arguments: The command line without the program.

    Raises:
        LabError: If there is no sound checkpoint at PATH.
    """
    arguments = [
        f"hydra.{argument.replace('_', '.', 1)}" if argument.startswith("sweep_dir=") else argument
        for argument in arguments
    ]
    given = {argument.partition("=")[0]: argument.partition("=")[2] for argument in arguments}
    path = unquoted(given.get("resume", "null"))
    if path in ("", "null") or "first_step" in given:  # the latter: a process of a parallel run
        return arguments
    if {"-m", "--multirun"} & given.keys():
        raise LabError("a sweep goes on by the same command with sweep_dir=FOLDER, without resume=")
    place = max(i for i, argument in enumerate(arguments) if argument.startswith("resume="))
    before, after = arguments[:place], arguments[place + 1 :]

    from gan_lab.cli.inherit import stored_choices
    from gan_lab.run.checkpoint import CONFIG_KEY, find_checkpoint, read_checkpoint, run_folder

    checkpoint = automatic_checkpoint(given) if path == "auto" else find_checkpoint(path)
    if checkpoint is None:
        return [*before, *after]
    content = read_checkpoint(checkpoint)
    named = {name.lstrip("+") for name in given}
    choices = stored_choices(content[CONFIG_KEY], checkpoint)
    extra = [f"{group}={choice}" for group, choice in choices.items() if group not in named]
    extra += [f"resume={quoted(checkpoint.absolute())}", f"first_step={content['global_step']}"]
    extra.append("inherited=true")  # see go_on
    folder = run_folder(checkpoint)
    if folder is not None and "hydra.run.dir" not in given:
        extra.append(f"hydra.run.dir={quoted(folder)}")
    return [*before, *extra, *after]


def automatic_checkpoint(given: Mapping[str, str]) -> Path | None:
    """Return the newest sound checkpoint of the run folder that the command line gives."""
    from gan_lab.run.checkpoint import newest_checkpoint

    folder = unquoted(given.get("hydra.run.dir", ""))
    if not folder:
        raise LabError("resume=auto looks into the run folder: give hydra.run.dir=FOLDER too")
    return newest_checkpoint(Path(folder))


def changes(before: Any, now: Any) -> Changes:
    """Return the hyperparameters in which two resolved configurations differ, with both values.

    >>> changes({"seed": 0, "run_dir": "a"}, {"seed": 1, "run_dir": "b"})
    {'seed': (0, 1)}
    """
    from gan_lab.run.rebuild import names_a_path

    old, new = dict(leaves(before)), dict(leaves(now))
    return {
        key: (old.get(key), new.get(key))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
        and (within(key, LEARNT) or not within(key, NOT_LEARNT))
        and not names_a_path(key.rpartition(".")[2])
    }


def leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and the value of all that is no mapping in ``node``."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, node


def within(key: str, parents: tuple[str, ...]) -> bool:
    """Tell whether ``key`` is one of ``parents`` or lies in one."""
    return any(key == parent or key.startswith(f"{parent}.") for parent in parents)


def told(changed: Changes) -> str:
    """Name each changed hyperparameter with its values.

    >>> told({"seed": (0, 1)})
    'seed from 0 to 1'
    """
    return ", ".join(f"{key} from {old} to {new}" for key, (old, new) in changed.items())


def refuse_changes(changed: Changes) -> None:
    """Raise LabError that names each changed hyperparameter with its values."""
    if changed:
        raise LabError(
            f"the run would go on with other hyperparameters: {told(changed)}; "
            "leave them as they were, or give allow_changes=true"
        )
