"""From configuration to objects, with the arguments checked on the way."""

import difflib
import inspect
import re
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
    """Instantiate the node at ``path`` of the whole configuration, with all that is in it.

    Args:
        config: The composed configuration, so that interpolations resolve.
        path: The node's dotted key.
        objects: Further arguments, given as they are.

    Returns:
        The component, or None where the key holds null; a mapping of components by name where the
        node is no component itself, without those that are null.

    Raises:
        LabError: If an argument is unknown, has the wrong type or is out of range.
    """
    node = OmegaConf.select(config, path)
    if node is None:
        return None
    plain = cast(dict[str, Any], OmegaConf.to_container(node, resolve=True))
    try:
        check(plain, path)
        if "_target_" in plain:
            return make(plain, path, **objects)
        return {name: make(part, f"{path}.{name}") for name, part in plain.items() if part}
    except LocatedError as error:
        place = origin(config, error.path)
        raise LabError(f"{place}{error.message}") from error


class LocatedError(LabError):
    """An error of which is known where in the configuration it lies."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}{message}")
        self.path, self.message = path, message


def make(plain: dict[str, Any], path: str, **objects: Any) -> Any:
    """Instantiate a resolved node; a ValueError in it becomes one that names its place."""
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
            inside = re.search(r"full_key: ([\w.]+)", str(error))
            raise LocatedError(f"{path}.{inside[1]}" if inside else path, f": {cause}") from error
        raise


def origin(config: DictConfig, path: str) -> str:
    """Return where a user would change what is at ``path``, which may refer to another place.

    >>> config = OmegaConf.create({"loss": {"target": 1}, "module": {"loss": "${loss}"}})
    >>> origin(config, "module.loss.target")
    'loss.target'
    """
    node: Any = OmegaConf.to_container(config, resolve=False)
    keys = path.split(".")
    for place, key in enumerate(keys, start=1):
        node = node.get(key) if isinstance(node, Mapping) else None
        found = (
            re.fullmatch(r"\$\{(?:merged:)?([\w.,]+)\}", node) if isinstance(node, str) else None
        )
        if found:
            parents, rest = found[1].split(","), keys[place:]
            holders = [p for p in parents if OmegaConf.select(config, ".".join([p, *rest[:1]]))]
            return origin(config, ".".join([(holders or parents)[0], *rest]))
    return path


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
        raise LocatedError(path, f" must be {wanted}, got {value!r}") from error
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
