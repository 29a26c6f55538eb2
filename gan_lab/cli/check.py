"""What a component is given, checked against what it takes, before it is made."""

import collections.abc
import difflib
import inspect
import json
import typing
from collections.abc import Mapping
from typing import Any

import pydantic
from hydra.utils import get_object

from gan_lab.errors import LabError

PLAIN = {
    r"Input should be ": "",
    r"a valid array": "a list",
    r"a valid tuple": "a list",
    r"a valid list": "a list",
    r"an instance of Sequence": "a list",
    r"a valid boolean": "true or false",
    r"callable": "a component, with a _target_",
    r"an object": "a mapping",
    r"a valid dictionary": "a mapping",
    r"greater than or equal to ": "at least ",
    r"less than or equal to ": "at most ",
    r"less than ": "below ",
    r"greater than ": "above ",
    r"String should have at least 1 character": "given, and not empty",
    r"Field required": "a longer list",
}
"""Pydantic's words for what is wanted, and a person's."""


SCALARS = (bool, int, float, str)
"""Annotations that no component is."""


class LocatedError(LabError):
    """An error of which is known where in the configuration it lies."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}{message}")
        self.path, self.message = path, message


def check(node: Any, path: str) -> None:
    """Check every component in ``node`` against the signature it is going to be called with.

    Raises:
        LabError: If an argument is unknown or a scalar one has the wrong type.
    """
    if isinstance(node, Mapping):
        if "_target_" in node:
            check_arguments(node, path)
        for key, value in node.items():
            check(value, f"{path}.{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            check(value, f"{path}[{index}]")


def check_arguments(node: Mapping[str, Any], path: str) -> None:
    """Check the arguments of one component; see :func:`check`."""
    try:
        target = get_object(node["_target_"])
    except Exception as error:
        message = f"._target_: cannot import {node['_target_']!r}: {error}"
        raise LocatedError(path, message) from error
    parameters = parameters_of(target)
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    hints = hints_of(target)
    for key, value in node.items():
        if key.startswith("_") and key.endswith("_"):
            continue
        if key not in parameters and not takes_any:
            near = difflib.get_close_matches(key, parameters, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(parameters)}"
            message = f": {target.__name__} has no argument {key}; {hint}"
            raise LocatedError(f"{path}.{key}", message)
        if key in hints:
            unset = value is None and key in parameters and parameters[key].default is None
            if not unset:
                check_argument(value, hints[key], f"{path}.{key}")


def check_argument(value: Any, hint: Any, path: str) -> None:
    """Check what is known of an argument before its components are made; :func:`check_value`."""
    if not holds_component(value) or hint in SCALARS:
        check_value(value, hint, path)
    elif "_target_" not in value and typing.get_origin(hint) is collections.abc.Mapping:
        for key, part in value.items():
            check_argument(part, typing.get_args(hint)[1], f"{path}.{key}")


def holds_component(value: Any) -> bool:
    """Tell whether there is a component in a node, whose kind is known once it is made."""
    if isinstance(value, Mapping):
        return "_target_" in value or any(map(holds_component, value.values()))
    return isinstance(value, list) and any(map(holds_component, value))


def parameters_of(target: Any) -> dict[str, inspect.Parameter]:
    """Return what ``target`` takes, with the base's arguments where a class hands those on."""
    parameters = dict(inspect.signature(target).parameters)
    options = parameters.get("options")
    if options is None or not inspect.isclass(target):
        return parameters
    del parameters["options"]
    return parameters_of(target.__base__) | parameters


def hints_of(target: Any) -> dict[str, Any]:
    """Return the annotations of what ``target`` takes, its base's too."""
    functions = [target]
    if inspect.isclass(target):
        parents = [vars(parent) for parent in reversed(target.__mro__[:-1])]
        functions = [parent["__init__"] for parent in parents if "__init__" in parent]
    hints: dict[str, Any] = {}
    for function in functions:
        try:
            hints |= typing.get_type_hints(function)
        except (NameError, TypeError):  # names that only a type checker imports
            continue
    return hints


def check_value(value: Any, hint: Any, path: str) -> None:
    """Check plain values against an annotation.

    A whole number is a float too, and a list is a sequence of any kind.

    Args:
        value: A scalar, None, or lists and mappings of such.
        hint: What is wanted, as pydantic knows it.
        path: The value's dotted key.

    Raises:
        LabError: If it is not what the annotation admits.
    """
    try:
        adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(
            hint, config={"arbitrary_types_allowed": True}
        )
    except (pydantic.PydanticUserError, pydantic.errors.PydanticSchemaGenerationError):
        return  # an annotation that says nothing about plain values
    try:
        adapter.validate_python(value, strict=True)
    except pydantic.ValidationError as error:
        found = error
        if isinstance(value, list | Mapping):
            try:
                adapter.validate_json(json.dumps(value), strict=True)
            except pydantic.ValidationError as by_json:
                found = by_json if isinstance(value, list) else error
            else:
                return
        raise LocatedError(path, f" must be {wanted(found)}, got {shown(value)}") from error


def wanted(error: pydantic.ValidationError) -> str:
    """Return what would have been right."""
    told = " or ".join(dict.fromkeys(e["msg"] for e in error.errors()))
    for theirs, ours in PLAIN.items():
        told = told.replace(theirs, ours)
    places = {e["loc"][0] for e in error.errors() if e["loc"]}
    return f"{told} at each place" if places and all(isinstance(p, int) for p in places) else told


def shown(value: Any) -> str:
    """Return a value as a person wrote it.

    >>> shown(None), shown("a"), shown([True, 1.5])
    ('null', "'a'", '[True, 1.5]')
    """
    return "null" if value is None else repr(value)
