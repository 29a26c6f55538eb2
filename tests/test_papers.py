"""Every recipe against one table of the papers' settings, tests/papers.yaml."""

from collections.abc import Iterator
from typing import Any

import pytest
from omegaconf import DictConfig, ListConfig, OmegaConf
from torch import nn

from gan_lab.cli.app import config_dir
from tests.composing import ENTRIES, TABLE, assert_sound, with_companions

SECTIONS = "says", "differs", "wrong", "ours"
GROUPS = (
    *("experiment", "loss", "regularizer", "augmentation", "descent", "prior", "optimizer"),
    *("scheduler", "conditioning", "model", "data", "metrics", "degradations"),
)
"""Those whose numbers decide what is learnt and what is measured."""
CALLS = "_target_", "_partial_"


@pytest.fixture(scope="module", params=ENTRIES)
def recipe(request: pytest.FixtureRequest) -> str:
    """One for all of its tests, so that it is composed once."""
    return str(request.param)


def value_of(config: DictConfig, key: str) -> Any:
    value = OmegaConf.select(config, key)
    plain = isinstance(value, ListConfig | DictConfig)
    return OmegaConf.to_container(value, resolve=True) if plain else value


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, node


def stated(recipe: str) -> tuple[set[str], set[str]]:
    """Return the keys that a recipe's own file sets, and the groups of which it chooses."""
    group, _, name = recipe.partition("=")
    path = config_dir() / group / f"{name}.yaml"
    content: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    groups = {
        key.removeprefix("override /")
        for line in content.pop("defaults", [])
        for key in (line if isinstance(line, dict) else [])
        if key.startswith("override /")
    }
    prefix = "" if "# @package _global_" in path.read_text() else f"{group}."
    keys = {
        f"{prefix}{key}"
        for key, value in leaves(content)
        if value not in (None, {}) and not str(value).startswith(("${", "???"))
        if not key.endswith(CALLS)
    }
    return keys, groups


def recipes() -> list[str]:
    paths = [path for group in GROUPS for path in sorted((config_dir() / group).glob("*.yaml"))]
    names = [f"{path.parent.name}={path.stem}" for path in paths]
    return [name for name in names if any(stated(name)) or name.startswith(("loss", "experiment"))]


def test_every_recipe_has_an_entry_and_every_entry_a_recipe() -> None:
    assert sorted(ENTRIES) == sorted(recipes())
    assert len(ENTRIES) == len(TABLE)


def test_a_recipe_is_what_its_paper_says(recipe: str) -> None:
    entry = ENTRIES[recipe]
    assert set(entry) <= {"recipe", "paper", "choices", "slopes", *SECTIONS}
    config = with_companions(recipe)
    for group, choice in entry.get("choices", {}).items():
        chosen = config.hydra.runtime.choices
        assert chosen.get(group) == choice, group
    for key, (value, where) in entry.get("says", {}).items():
        assert value_of(config, key) == value, f"{key} is {value} by {entry['paper']}, {where}"
    for key, (theirs, where, ours, why) in entry.get("differs", {}).items():
        assert value_of(config, key) == ours != theirs, (key, where)
        assert why
    for key, (theirs, where, ours) in entry.get("wrong", {}).items():
        now = value_of(config, key)
        assert now != theirs, f"{key} is now as {where} has it: move it to says, in papers.yaml"
        assert now == ours, f"{key} was {ours} and is {theirs} by {entry['paper']}, {where}"
    for key, value in entry.get("ours", {}).items():
        assert value_of(config, key) == value, key


def test_no_setting_of_a_recipe_is_left_out_of_the_table(recipe: str) -> None:
    entry = ENTRIES[recipe]
    keys, groups = stated(recipe)
    listed = {key for section in SECTIONS for key in entry.get(section, {})}
    assert keys <= listed
    assert groups <= set(entry.get("choices", {}))
    assert sum(len(entry.get(section, {})) for section in SECTIONS) == len(listed)


def test_a_recipe_can_be_built_and_its_rectifiers_leak_as_the_papers_say(recipe: str) -> None:
    module = assert_sound(with_companions(recipe))
    for side, slopes in ENTRIES[recipe].get("slopes", {}).items():
        network = module.task if side == "generator" else module.discriminator
        kinds = nn.LeakyReLU | nn.ReLU
        found = {
            getattr(layer, "negative_slope", 0.0)
            for layer in network.modules()
            if isinstance(layer, kinds)
        }
        assert found == set(slopes), side
