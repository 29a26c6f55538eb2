"""From the plain values in a file to objects, of classes on an allow-list only."""

import functools
import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from gan_lab.errors import LabError

ALLOWED = "data", "media", "metrics", "models", "priors", "tasks"
"""Rooms of the lab whose exported classes a file may name."""


def rebuild(node: Any, trust: Sequence[str] = ()) -> Any:
    """Call the class that a file's configuration names, with all that is in it, and no other.

    Args:
        node: Plain values; a mapping with ``_target_`` names a class.
        trust: Packages whose classes may be named beside the lab's own.

    Raises:
        LabError: If a class is not on the allow-list or does not take what it is given.
    """
    if isinstance(node, Mapping):
        values = {
            str(key): rebuild(value, trust)
            for key, value in node.items()
            if not (str(key).startswith("_") and "_target_" in node)
        }
        if "_target_" not in node:
            return values
        target = allowed(str(node["_target_"]), trust)
        if node.get("_partial_"):
            return functools.partial(target, **values)
        try:
            return target(**values)
        except (TypeError, ValueError) as error:
            raise LabError(f"the file's {node['_target_']} cannot be built: {error}") from error
    if isinstance(node, list | tuple):
        return [rebuild(value, trust) for value in node]
    return node


def allowed(target: str, trust: Sequence[str]) -> Any:
    """Return the class called ``target``, which must be the lab's own or in a trusted package."""
    place, _, name = target.rpartition(".")
    package, _, room = place.partition(".")
    try:
        if package == "gan_lab" and room in ALLOWED:
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
