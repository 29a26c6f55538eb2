"""Continuing a run: the command line that its checkpoint was made by, and the place it stopped."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gan_lab.cli.app import quoted
from gan_lab.errors import LabError
from gan_lab.run.folder import ONE_ATTEMPT, name_of

Changes = Mapping[str, tuple[Any, Any]]
"""Dotted keys with the values before and now."""

NOT_LEARNT = (
    "allow_changes",
    "callbacks",
    "data.root",
    "first_step",
    "hydra",
    "logger",
    "metrics",
    "objective",
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
"""Keys that may change when a run goes on: where, how long and how closely watched it is."""
LEARNT = ("callbacks.ema",)
"""What is within these and still changes what a run ends with."""


def resumed_arguments(arguments: list[str]) -> list[str]:
    """Return ``arguments`` with what the resumed run was asked put in place of ``resume``.

    ``resume=PATH`` alone continues a run as it was; further overrides on the
    command line win over the run's own. A checkpoint inside a run folder goes
    on in that folder. ``resume=auto`` means the newest sound checkpoint of
    ``hydra.run.dir``, or a new run where that folder holds none. ``sweep_dir``
    is short for ``hydra.sweep.dir``.

    Args:
        arguments: The command line without the program.

    Raises:
        LabError: If there is no sound checkpoint at PATH, or it asks for
            classes by name, which a stranger's file must not.
    """
    arguments = [
        f"hydra.{argument.replace('_', '.', 1)}" if argument.startswith("sweep_dir=") else argument
        for argument in arguments
    ]
    given = {argument.partition("=")[0]: argument.partition("=")[2] for argument in arguments}
    path = given.get("resume", "null").strip("'\"")
    if path in ("", "null") or "first_step" in given:  # the latter: a process of a parallel run
        return arguments
    if {"-m", "--multirun"} & given.keys():
        raise LabError("a sweep goes on by the same command with sweep_dir=FOLDER, without resume=")
    (place,) = (i for i, argument in enumerate(arguments) if argument.startswith("resume="))
    before, after = arguments[:place], arguments[place + 1 :]

    from gan_lab.run.checkpoint import CONFIG_KEY, find_checkpoint, read_checkpoint, run_folder

    if path == "auto":
        checkpoint = automatic_checkpoint(given)
        if checkpoint is None:
            return [*before, *after]
    else:
        checkpoint = find_checkpoint(path)
    content = read_checkpoint(checkpoint)
    inherited = [
        override
        for override in content[CONFIG_KEY]["overrides"]
        if name_of(override) not in {*map(name_of, given), *ONE_ATTEMPT}
    ]
    for override in inherited:
        if "_target_" in override and not is_trusted(override, given.get("trust", "")):
            raise LabError(
                f"the run of {checkpoint} was made with {override!r}; a checkpoint must not name "
                "code to run, so give that override on the command line if you trust it, or "
                f"trust=[{package_of(override)}]"
            )
    extra = [f"resume={quoted(checkpoint.resolve())}", f"first_step={content['global_step']}"]
    folder = run_folder(checkpoint)
    if folder is not None and "hydra.run.dir" not in given:
        extra.append(f"hydra.run.dir={quoted(folder)}")
    return [*before, *inherited, *extra, *after]


def package_of(override: str) -> str:
    """Return the package of the class that an override names.

    >>> package_of("+loss._target_=my_lab.losses.Logistic")
    'my_lab'
    """
    return override.partition("=")[2].strip("'\"").partition(".")[0]


def is_trusted(override: str, trust: str) -> bool:
    """Tell whether an override sets one class by its plain name, of a package that is trusted.

    >>> is_trusted("+loss._target_=my_lab.Logistic", "[my_lab]")
    True
    >>> is_trusted("+loss={_target_: os.system}", "[my_lab]")
    False
    """
    packages = [name.strip(" '\"") for name in trust.strip("[]").split(",")]
    plain = re.fullmatch(r"\+{0,2}[\w.]+\._target_='?[\w.]+'?", override) is not None
    return plain and package_of(override) in packages


def automatic_checkpoint(given: Mapping[str, str]) -> Path | None:
    """Return the newest sound checkpoint of the run folder that the command line gives."""
    from gan_lab.run.checkpoint import newest_checkpoint

    folder = given.get("hydra.run.dir", "").strip("'\"")
    if not folder:
        raise LabError("resume=auto looks into the run folder: give hydra.run.dir=FOLDER too")
    return newest_checkpoint(Path(folder))


def changes(before: Any, now: Any) -> Changes:
    """Return the hyperparameters in which two resolved configurations differ, with both values.

    >>> changes({"seed": 0, "run_dir": "a"}, {"seed": 1, "run_dir": "b"})
    {'seed': (0, 1)}
    """
    old, new = dict(leaves(before)), dict(leaves(now))
    return {
        key: (old.get(key), new.get(key))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key) and (within(key, LEARNT) or not within(key, NOT_LEARNT))
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


def refuse_changes(changed: Changes) -> None:
    """Raise LabError that names each changed hyperparameter with its values."""
    if changed:
        told = ", ".join(f"{key} from {old} to {new}" for key, (old, new) in changed.items())
        raise LabError(
            f"the run would go on with other hyperparameters: {told}; "
            "leave them as they were, or give allow_changes=true"
        )
