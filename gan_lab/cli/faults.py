"""What an error of another library means to a person."""

import difflib
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires
from typing import Any, cast

from omegaconf import OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError

PLUGIN = re.compile(r"hydra_plugins\.(hydra_\w+)")
LACKS = re.compile(r"No module named '([\w.]+)'|pip install (?:-U )?['\"]?([\w.-]+)")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it came of, each once: one that a thread keeps comes of itself."""
    met: list[BaseException] = []
    while error is not None and error not in met:
        yield error
        met.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def missing_package(error: BaseException | None) -> str | None:
    """Return how to install what an error, or what it came of, misses; None if it misses nothing.

    >>> missing_package(ModuleNotFoundError("No module named 'some_lab'", name="some_lab"))
    "some-lab is not installed: pip install 'some-lab'"
    """
    for cause in causes(error):
        plugin = PLUGIN.search(str(cause))
        if plugin is not None:
            return install(plugin[1])
        if isinstance(cause, ImportError):
            match = LACKS.search(str(cause))
            name = cause.name or (match and (match[1] or match[2]))
            if name and not name.startswith("gan_lab"):
                return install(name.partition(".")[0])
    return None


def install(module: str) -> str:
    """Say what is not installed, and the extra, or else the package, that brings it."""
    package = module.replace("_", "-")
    extra = extras().get(package)
    wanted = f"gan-lab[{extra}]" if extra else package
    return f"{package} is not installed: pip install '{wanted}'"


def extras() -> dict[str, str]:
    """Return the lab's optional packages, and the extra that each belongs to."""
    try:
        lines = requires("gan-lab") or []
    except PackageNotFoundError:  # run from a folder without an installation
        return {}
    found: dict[str, str] = {}
    for line in lines:
        match = re.match(r"([\w-]+).*extra == ['\"]([\w-]+)['\"]", line)
        if match and match[2] != "dev":
            found.setdefault(match[1].lower(), match[2])
    return found


def is_out_of_memory(error: BaseException | None) -> bool:
    """Tell whether an error, or what it came of, says that there is not enough memory."""
    for cause in causes(error):
        if isinstance(cause, MemoryError) or type(cause).__name__ == "OutOfMemoryError":
            return True
        if isinstance(cause, RuntimeError) and re.search(
            r"can't allocate memory|not enough memory|Storage size calculation overflowed"
            r"|numel: integer multiplication overflow",
            str(cause),
        ):
            return True
    return False


def mendable(error: BaseException) -> str | None:
    """Return what a person does about another library's error; None where that is not known."""
    if (missing := missing_package(error)) is not None:
        return missing
    if is_out_of_memory(error):
        return f"out of memory; choose a smaller batch_size or smaller networks ({said(error)})"
    if isinstance(error, SystemExit):
        return f"the job ended itself with status {error.code} before it had finished"
    if str(error).startswith("Config group override must be"):  # Hydra's, of a group that is null
        nothing = [a for a in sys.argv[1:] if a.endswith("=null") and "." not in a]
        return f"{', '.join(nothing)}: a group wants one of its files; --help lists them"
    return None


def said(error: BaseException) -> str:
    """Return what an error says; with its kind, where that is not simply a bad value.

    >>> said(KeyError("x")), said(ValueError("must be positive"))
    ("KeyError: 'x'", 'must be positive')
    """
    lines = str(error).strip().splitlines()
    kind = type(error).__name__
    if not lines:
        return kind
    return lines[0] if isinstance(error, ValueError) else f"{kind}: {lines[0]}"


def unknown_key(error: ConfigAttributeError | ConfigKeyError) -> str:
    """Name the keys that a person may have meant by the one that does not exist.

    They are those of that name at any depth, or else those whose names look like it.
    """
    full = str(error.full_key)
    above, _, name = full.rpartition(".")
    parent = error.parent_node
    plain = OmegaConf.to_container(parent, resolve=False) if OmegaConf.is_dict(parent) else {}
    node = cast(dict[str, Any], plain)
    prefix = f"{above}." if above else ""
    places: dict[str, list[str]] = {}
    for place in own_keys(node):
        places.setdefault(place.rpartition(".")[2], []).append(prefix + place)
    beside = difflib.get_close_matches(name, map(str, node), n=1, cutoff=0.6)
    near = [name] if name in places else beside or difflib.get_close_matches(name, places, n=1)
    if near:
        meant = [prefix + near[0]] if near == beside else places[near[0]]
        hint = f"did you mean {' or '.join(meant)}?"
    else:
        hint = f"known here: {', '.join(map(str, node))}"
    return f"there is no key {full} ({hint}); +{full}=... would add it"


def own_keys(node: Any, above: str = "") -> Iterator[str]:
    """Yield the dotted keys in ``node`` that are set there, and not taken from elsewhere."""
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        place = f"{above}.{key}" if above else str(key)
        if place.partition(".")[0] == "hydra" or str(key).startswith("_"):
            continue
        if not (isinstance(value, str) and re.fullmatch(rf"\$\{{([\w.]+\.)?{key}\}}", value)):
            yield place
        yield from own_keys(value, place)
