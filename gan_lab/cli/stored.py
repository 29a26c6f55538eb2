"""What of a checkpoint's stored configuration may be set on one that was composed, and what not."""

import importlib
import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from hydra.utils import get_object
from torch import nn

from gan_lab.cli.check import parameters_of
from gan_lab.errors import LabError
from gan_lab.run.rebuild import ALLOWED, allowed, names_a_path

Place = tuple[str, ...]
"""The keys that lead to a value."""

Plain = Mapping[str, Any]
"""A mapping of plain values, mappings and lists of them."""

ROOMS = (*ALLOWED, "augmentations", "descents", "losses", "terms")
"""Rooms whose exported classes a stored value may name."""

TORCH: dict[str, type] = {
    "torch.optim": torch.optim.Optimizer,
    "torch.optim.lr_scheduler": torch.optim.lr_scheduler.LRScheduler,
}
"""Where classes of torch's are that a stored value may name, and what they are."""

OPEN = (
    *("augmentation", "callbacks", "degradations", "metrics.figures", "phases", "regularizer"),
    "terms",
)
"""Mappings that entries may be added to."""


class Found(NamedTuple):
    """A stored value that is another than the composed one.

    Attributes:
        place: Where it is.
        value: What is stored.
        composed: The mapping that holds the composed value, if there is one.
        stored: The mapping that holds the stored value.
    """

    place: Place
    value: Any
    composed: Plain
    stored: Plain


def beyond(
    stored: Plain, composed: Plain, resolved: Plain, derived: bool, place: Place = ()
) -> Iterator[Found]:
    """Yield the stored values that say something else than the composed ones.

    Args:
        stored: Resolved values out of a file.
        composed: What its choices give, interpolations as they are written.
        resolved: The same, resolved.
        derived: Whether values that follow others by interpolation are wanted, or those that stand
            for themselves.
        place: Where the mappings are.
    """
    for key, value in stored.items():
        if names_a_path(key):
            continue
        here = (*place, key)
        found = Found(here, value, composed, stored)
        theirs = composed.get(key)
        if isinstance(theirs, str) and "${" in theirs:
            follows = isinstance(resolved[key], Mapping) or same(resolved[key], value)
            if derived and not follows:
                yield found
        elif isinstance(theirs, Mapping) and isinstance(value, Mapping):
            yield from beyond(value, theirs, resolved[key], derived, here)
        elif not derived and (key not in composed or not same(theirs, value)):
            yield found


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are of one kind and equal, NaN with itself."""
    return repr(one) == repr(other)


def refuse_unsafe(found: Found, trust: Sequence[str], path: Path) -> None:
    """Refuse a stored value that no file may set.

    Raises:
        LabError: That names the key, and how the command line may set it instead.
    """
    key, name = found.place[-1], ".".join(found.place)
    if key.startswith("_"):
        sound = key == "_target_" or (key == "_partial_" and isinstance(found.value, bool))
        refuse_unless(sound and found.place[0] not in ("module", "trainer"), name, path)
        if key == "_target_":
            refuse_stranger(found, trust, path)
        return
    theirs = found.composed.get(key)
    if key not in found.composed:
        parent = ".".join(found.place[:-1])
        refuse_unless(parent in OPEN or key in arguments(found, trust), name, path)
    elif isinstance(theirs, Mapping) and not isinstance(found.value, Mapping):
        refuse_unless(found.value is None and "_target_" in theirs, name, path)
    refuse_components(found.value, name, trust, path)


def arguments(found: Found, trust: Sequence[str]) -> Collection[str]:
    """Return what the component takes that a value is stored for, nothing where it is none."""
    target = found.stored.get("_target_")
    if target is None:
        return ()
    known = target == found.composed.get("_target_")
    component = get_object(target) if known else admitted(target, ".".join(found.place), trust)
    return parameters_of(component)


def refuse_unless(sound: bool, name: str, path: Path) -> None:
    """Raise LabError about the stored value called ``name`` unless it is sound."""
    if not sound:
        raise LabError(
            f"{path} sets {name}, which a checkpoint must not; give it on the command line, "
            "if it is to hold"
        )


def refuse_stranger(found: Found, trust: Sequence[str], path: Path) -> None:
    """Refuse a class where the composed one is of another kind, or which is not allowed at all.

    Classes of trusted packages may stand for any.
    """
    name = ".".join(found.place)
    target = admitted(found.value, name, trust)
    refuse_unless("_target_" in found.composed, name, path)
    if str(found.value).partition(".")[0] in trust:
        return
    theirs = get_object(found.composed["_target_"])
    kinds = [set(inspect.getmro(c)) if inspect.isclass(c) else set() for c in (target, theirs)]
    shared = {kind.__module__.partition(".")[0] for kind in kinds[0] & kinds[1] - {nn.Module}}
    refuse_unless(not shared.isdisjoint({"gan_lab", "torch"}), name, path)


def refuse_components(value: Any, name: str, trust: Sequence[str], path: Path) -> None:
    """Refuse a value in which a class is named that is not allowed, or how it is to be called."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            within = f"{name}.{key}"
            if key == "_target_":
                admitted(part, within, trust)
            elif key == "_partial_":
                refuse_unless(isinstance(part, bool), within, path)
            else:
                refuse_unless(not (key.startswith("_") or names_a_path(key)), within, path)
                refuse_components(part, within, trust, path)
    elif isinstance(value, list):
        for part in value:
            refuse_components(part, name, trust, path)


def admitted(target: object, name: str, trust: Sequence[str]) -> Any:
    """Return the class that is stored under ``name``.

    Raises:
        LabError: If it is none of the lab's learning rooms, of torch's optimizers and schedules, or
            of a trusted package.
    """
    place, _, last = str(target).rpartition(".")
    if place in TORCH:
        found = getattr(importlib.import_module(place), last, None)
        if inspect.isclass(found) and issubclass(found, TORCH[place]):
            return found
    try:
        return allowed(str(target), trust, ROOMS)
    except LabError as error:
        raise LabError(f"{error}; or give {name.removesuffix('._target_')} yourself") from error
