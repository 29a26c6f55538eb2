"""The data set that a checkpoint names, read where the user or the lab says that it lies."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from gan_lab.cli.app import config_dir
from gan_lab.cli.check import parameters_of
from gan_lab.data import DataModule
from gan_lab.errors import LabError
from gan_lab.run.rebuild import allowed, rebuild

MOST_NUMBERS = 2**31
"""Of a data set that is drawn or stored as a checkpoint says."""


def stored_data(node: Any, path: Path, root: str | None, trust: Sequence[str]) -> DataModule:
    """Return the data set that a checkpoint names, where the command line or the lab keeps it.

    Args:
        node: Its stored configuration.
        path: Of the checkpoint, for messages.
        root: Where the command line says that it lies, if it does.
        trust: Packages whose classes may be named beside the lab's own.

    Raises:
        LabError: If it names none, none of the lab's, or one of which nobody says where it lies.
    """
    if not isinstance(node, Mapping) or "_target_" not in node:
        raise LabError(f"{path} names no data set; choose one, such as data=mnist")
    refuse_sizes(node, path)
    own = {}
    takes = parameters_of(allowed(str(node["_target_"]), trust))
    if "root" in takes:
        own["root"] = root or kept_at(node["_target_"])
        if own["root"] is None and takes["root"].default is not None:  # None: what is built in
            raise LabError(
                "give root=FOLDER, where the data set lies: a checkpoint does not tell, as "
                "nobody's file may choose what is read and written"
            )
    data = rebuild(node, trust, **own)
    if not isinstance(data, DataModule):
        raise LabError(f"{path} names {node['_target_']}, which is no data set")
    return data


def refuse_sizes(node: Mapping[str, Any], path: Path) -> None:
    """Raise LabError where a data set out of a file would fill the memory that it is drawn in."""
    sizes = [v for k, v in node.items() if isinstance(v, int) and k != "seed"]
    shape = [v for v in node.get("sample_shape") or () if isinstance(v, int)]
    if max(map(abs, sizes), default=0) * math.prod(shape) > MOST_NUMBERS:
        raise LabError(
            f"the data set in {path} has more than {MOST_NUMBERS:,} numbers; choose it by data="
        )


def kept_at(target: str) -> str | None:
    """Return where the lab keeps a data set that it downloads, by its class; None of others."""
    for file in sorted((config_dir() / "data").glob("*.yaml")):
        found = OmegaConf.load(file)
        prefix = "data." if "data" in found else ""
        if OmegaConf.select(found, f"{prefix}_target_") == target:
            root: str | None = OmegaConf.select(found, f"{prefix}root")
            return root
    return None
