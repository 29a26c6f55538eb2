"""From configuration to objects, with the arguments checked on the way."""

import difflib
import inspect
import typing
from collections.abc import Mapping
from typing import Any, cast

import pydantic
from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf

from gan_lab.errors import LabError

SCALARS = (bool, int, float, str)


def build(config: DictConfig, path: str, **objects: Any) -> Any:
    """Instantiate the component at ``path`` of the whole configuration.

    Args:
        config: The composed configuration, so that interpolations resolve.
        path: The component's dotted key.
        objects: Further arguments, given as they are.

    Returns:
        The component, or None where the key holds null.

    Raises:
        LabError: If an argument is unknown, has the wrong type or is out of range.
    """
    node = OmegaConf.select(config, path)
    if node is None:
        return None
    plain = OmegaConf.to_container(node, resolve=True)
    check(plain, path)
    return make(cast(dict[str, Any], plain), path, **objects)


def make(plain: dict[str, Any], path: str, **objects: Any) -> Any:
    """Instantiate a resolved node; its ValueErrors become a LabError that names ``path``."""
    try:
        # Hydra would copy objects given to it; a partial takes them as they are.
        if objects:
            return instantiate({**plain, "_partial_": True}, _convert_="all")(**objects)
        return instantiate(plain, _convert_="all")
    except (InstantiationException, ValueError) as error:
        cause = error.__cause__ or error
        if isinstance(cause, LabError):
            raise cause from None
        if isinstance(cause, ValueError):
            raise LabError(f"{path}: {cause}") from error
        raise


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
        raise LabError(f"{path}._target_: cannot import {node['_target_']!r}: {error}") from error
    parameters = parameters_of(target)
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    hints = hints_of(target)
    for key, value in node.items():
        if key.startswith("_") and key.endswith("_"):
            continue
        if key not in parameters and not takes_any:
            near = difflib.get_close_matches(key, parameters, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(parameters)}"
            raise LabError(f"{path}.{key}: {target.__name__} has no argument {key}; {hint}")
        if isinstance(value, SCALARS) and key in hints:
            check_scalar(value, hints[key], f"{path}.{key}")


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
    if not inspect.isclass(target):
        return typing.get_type_hints(target)
    hints: dict[str, Any] = {}
    for parent in reversed(target.__mro__[:-1]):
        if "__init__" in vars(parent):
            hints |= typing.get_type_hints(vars(parent)["__init__"])
    return hints


def check_scalar(value: object, hint: Any, path: str) -> None:
    """Raise LabError where ``value`` is not what the annotation ``hint`` admits."""
    try:
        adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(
            hint, config={"arbitrary_types_allowed": True}
        )
        adapter.validate_python(value, strict=True)
    except pydantic.ValidationError as error:
        wanted = " or ".join(dict.fromkeys(e["msg"] for e in error.errors()))
        wanted = wanted.replace("Input should be ", "")
        raise LabError(f"{path} must be {wanted}, got {value!r}") from error
    except (pydantic.PydanticUserError, pydantic.errors.PydanticSchemaGenerationError):
        return  # an annotation that says nothing about scalars


def select_number(config: DictConfig, key: str, kind: type, minimum: float) -> Any:
    """Return the number at ``key``, or raise LabError where it is no such number.

    Args:
        config: The composed configuration.
        key: A dotted key.
        kind: int or float.
        minimum: The smallest number allowed.
    """
    value = OmegaConf.select(config, key)
    check_scalar(value, kind, key)
    if value < minimum:
        raise LabError(f"{key} must be at least {minimum}, got {value}")
    return cast(Any, value)
