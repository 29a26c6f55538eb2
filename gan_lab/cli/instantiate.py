"""From configuration to objects, with the arguments checked on the way."""

import re
from collections.abc import Mapping
from typing import Any, cast

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from gan_lab.cli.check import LocatedError, check, check_value, shown
from gan_lab.cli.faults import missing_package, said
from gan_lab.errors import LabError


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
    if not OmegaConf.is_dict(node):
        raise LabError(f"{path} must be a component or a mapping of such, got {shown(node)}")
    plain = cast(dict[str, Any], OmegaConf.to_container(node, resolve=True))
    try:
        check(plain, path)
        if "_target_" in plain:
            return make(plain, path, **objects)
        return {
            name: make(part, f"{path}.{name}") for name, part in plain.items() if part is not None
        }
    except LocatedError as error:
        place = origin(config, error.path)
        raise LabError(f"{place}{error.message}") from error


def literal(node: Any) -> Any:
    r"""Return resolved values such that Hydra reads no interpolation into them.

    >>> literal(["a", {"root": "/data/${here}"}])
    ['a', {'root': '/data/\\\\\\${here}'}]
    """
    if isinstance(node, Mapping):
        return {key: literal(value) for key, value in node.items()}
    if isinstance(node, list):
        return [literal(value) for value in node]
    if isinstance(node, str):
        for _ in range(2):  # Hydra resolves what it is given once, and once more where it is read,
            node = re.sub(r"(\\*)\$\{", r"\1\1\\${", node)  # each time halving the backslashes
    return node


def required(config: DictConfig, path: str, **objects: Any) -> Any:
    """Instantiate one component that there must be; see :func:`build`.

    Raises:
        LabError: If there is none.
    """
    built = build(config, path, **objects)
    if built is None or isinstance(built, dict):
        raise LabError(f"{path} must be a component, with a _target_, got none")
    return built


def make(plain: Any, path: str, **objects: Any) -> Any:
    """Instantiate a resolved node; whatever goes wrong in it becomes an error that names its place.

    Raises:
        LabError: If it is no component, or its class does not take what it is given.
    """
    if not isinstance(plain, Mapping) or "_target_" not in plain:
        raise LocatedError(path, f" must be a component, with a _target_, got {shown(plain)}")
    plain = literal(plain)
    try:
        # Hydra would copy objects given to it; a partial takes them as they are.
        if objects:
            return instantiate({**plain, "_partial_": True}, _convert_="all")(**objects)
        return instantiate(plain, _convert_="all")
    except Exception as error:
        wrapped = isinstance(error, InstantiationException) and error.__cause__ is not None
        cause = error.__cause__ if wrapped and error.__cause__ else error
        if isinstance(cause, LabError):
            raise cause from None
        if (missing := missing_package(cause)) is not None:
            raise LabError(f"{path}: {missing}") from error
        inside = re.search(r"full_key: ([\w.]+)", str(error)) if wrapped else None
        raise LocatedError(f"{path}.{inside[1]}" if inside else path, f": {said(cause)}") from error


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


def select_number(config: DictConfig, key: str, kind: type, minimum: float) -> Any:
    """Return the number at ``key``, or raise LabError where it is no such number.

    Args:
        config: The composed configuration.
        key: A dotted key.
        kind: int or float.
        minimum: The smallest number allowed.
    """
    value = OmegaConf.select(config, key)
    check_value(value, kind, key)
    if value < minimum:
        raise LabError(f"{key} must be at least {minimum}, got {value}")
    return cast(Any, value)
