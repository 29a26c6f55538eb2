"""From the plain values in a file to objects, of classes on an allow-list only."""

import functools
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules import module as registration

from gan_lab.contracts import Discriminator, Task
from gan_lab.errors import LabError

ALLOWED = "data", "degradations", "media", "metrics", "models", "priors", "tasks"
"""Rooms of the lab whose exported classes a file may name."""

PATHS = "address", "checkpoint", "dir", "file", "folder", "path", "root", "uri", "url", "weights"
"""Last words of arguments that say where something lies, which no file may say."""

KEY = re.compile(r"[\w-]+")
"""A key of a file's configuration."""

DEPTH = 32
"""Mappings and lists within each other in a file's configuration, at most."""


def rebuild(node: Any, trust: Sequence[str] = (), **own: Any) -> Any:
    """Call the class that a file's configuration names, with all that is in it, and no other.

    Args:
        node: Plain values; a mapping with ``_target_`` names a class.
        trust: Packages whose classes may be named beside the lab's own.
        own: Arguments of the outermost class that are ours and not the file's, such as paths.

    Raises:
        LabError: If a class is not on the allow-list or does not take what it is given.
    """
    if isinstance(node, Mapping):
        values = {
            str(key): rebuild(value, trust)
            for key, value in node.items()
            if not ("_target_" in node and (str(key).startswith("_") or names_a_path(key)))
        }
        if "_target_" not in node:
            return values
        target = allowed(str(node["_target_"]), trust)
        if node.get("_partial_"):
            return functools.partial(target, **values, **own)
        try:
            return target(**values, **own)
        except LabError:
            raise
        except Exception as error:  # whatever a constructor makes of a stranger's arguments
            raise LabError(
                f"the file's {node['_target_']} cannot be built: {told(error)}"
            ) from error
    if isinstance(node, list | tuple):
        return [rebuild(value, trust) for value in node]
    return node


def told(error: BaseException) -> str:
    """Return the first line of an error's message, or its name where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def allowed(target: str, trust: Sequence[str], rooms: Sequence[str] = ALLOWED) -> Any:
    """Return the class called ``target``, which must be the lab's own or in a trusted package."""
    place, _, name = target.rpartition(".")
    package, _, room = place.partition(".")
    try:
        if package == "gan_lab" and room in rooms:
            module = importlib.import_module(place)
            if name in module.__all__:
                return getattr(module, name)
        elif package in trust and package != "gan_lab":
            return getattr(importlib.import_module(place), name)
    except (ImportError, AttributeError) as error:
        raise LabError(
            f"the file asks for {target!r}, which cannot be imported: {error}"
        ) from error
    hint = (
        f"; trust=[{package}] allows those of {package}" if package not in ("", "gan_lab") else ""
    )
    raise LabError(
        f"the file asks for {target!r}, and only classes of gan_lab are rebuilt from a file{hint}"
    )


def names_a_path(key: object) -> bool:
    """Tell whether an argument says where something lies.

    >>> [names_a_path(key) for key in ("root", "run_dir", "path_length", "weight")]
    [True, True, False, False]
    """
    return str(key).rpartition("_")[2] in PATHS


def without_paths(node: Any) -> Any:
    """Return plain values without those that say where something lies."""
    if isinstance(node, Mapping):
        return {k: without_paths(v) for k, v in node.items() if not names_a_path(k)}
    return [without_paths(value) for value in node] if isinstance(node, list | tuple) else node


def refuse_special(node: Any, path: Path, depth: int = DEPTH) -> None:
    """Check that a file's configuration is made of words and plain values, not too deep.

    Raises:
        LabError: If it holds something else: an interpolation, an object, a key that is no word.
    """
    if depth < 0:
        raise LabError(f"the configuration in {path} is nested more than {DEPTH} deep")
    if isinstance(node, Mapping):
        for key, value in node.items():
            if not isinstance(key, str) or KEY.fullmatch(key) is None:
                raise LabError(f"the configuration in {path} has {key!r} for a key; keys are words")
            refuse_special(value, path, depth - 1)
    elif isinstance(node, list):
        for value in node:
            refuse_special(value, path, depth - 1)
    elif not isinstance(node, bool | int | float | str | None) or "${" in str(node):
        raise LabError(
            f"the configuration in {path} holds {str(node)[:80]!r}, and a checkpoint holds plain "
            "values only: no interpolations, no objects"
        )


@contextmanager
def sketching(weights: Mapping[str, Tensor]) -> Iterator[None]:
    """Build networks without memory for their weights, and no more of them than a file can fill.

    Inside, what is built lies on torch's meta device: its tensors have shapes and nothing else.

    Args:
        weights: What the file holds.

    Raises:
        LabError: If many more layers are built than there are weights.
    """
    left = 300 + 30 * len(weights)  # ReLUs and the like hold none

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise LabError(f"the file names networks far larger than its {len(weights)} weights")

    handles = [
        registration.register_module_parameter_registration_hook(count),
        registration.register_module_buffer_registration_hook(count),
        registration.register_module_module_registration_hook(count),
    ]
    try:
        with torch.device("meta"):
            yield
    finally:
        for handle in handles:
            handle.remove()


def differences(network: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """Say of each weight that a network and a file have in other shapes, or only one has, which."""
    wanted = {name: list(tensor.shape) for name, tensor in network.state_dict().items()}
    given = {name: list(tensor.shape) for name, tensor in weights.items()}
    return [
        f"{name} is {given.get(name, 'missing')} there and {wanted.get(name, 'missing')} here"
        for name in sorted({*wanted, *given})
        if wanted.get(name) != given.get(name)
    ]


def rebuild_task(
    node: Any, state: Mapping[str, Tensor], path: Path, trust: Sequence[str] = ()
) -> Task:
    """Return the generating side that a file names, with the weights it holds, ready to sample.

    What it names is built without memory first, and built only if its weights are of the shapes
    that the file holds: names cost nothing, and hidden=[10000000, 10000000] would fill a machine.

    Raises:
        LabError: If a class is not on the allow-list, or the weights or the samples do not fit.
    """
    with sketching(state):
        sketch = rebuild(node, trust)
    if not isinstance(sketch, Task):
        raise LabError(f"{path} names no task to sample from")
    if found := differences(sketch, state):
        raise LabError(f"the weights in {path} are of other networks than it names: {found[0]}")
    refuse_samples(sketch.eval(), path)
    task = cast(Task, rebuild(node, trust))
    try:
        task.load_state_dict(state)
    except Exception as error:
        raise LabError(f"the weights in {path} cannot be taken up: {told(error)}") from error
    return task.eval()


def rebuild_discriminator(
    node: Any, state: Mapping[str, Tensor], path: Path, trust: Sequence[str] = ()
) -> Discriminator:
    """Return the discriminator that a file names, as :func:`rebuild_task` does the other side.

    Raises:
        LabError: If a class is not on the allow-list, or the weights do not fit.
    """
    with sketching(state):
        sketch = rebuild(node, trust)
    if not isinstance(sketch, Discriminator):
        raise LabError(f"{path} names no discriminator")
    if found := differences(sketch, state):
        raise LabError(f"the weights in {path} are of other networks than it names: {found[0]}")
    network = cast(Discriminator, rebuild(node, trust))
    network.load_state_dict(state)
    return network.eval()


def refuse_samples(sketch: Task, path: Path) -> None:
    """Raise LabError where a task on the meta device does not sample what its medium holds."""
    if sketch.needs:
        return
    try:
        with torch.device("meta"), torch.inference_mode():
            shape = tuple(sketch.sample(2)["x"].shape)
    except NotImplementedError:  # an operation of a trusted package that has no rule for shapes
        return
    except Exception as error:
        raise LabError(f"the task in {path} makes no samples: {told(error)}") from error
    if shape != (2, *sketch.medium.shape):
        raise LabError(
            f"the task in {path} makes samples of {shape[1:]}, not of its medium's shape"
        )
