"""Whatever a key holds, it is taken or refused by one line that names it."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gan_lab.cli.app import config_dir
from gan_lab.cli.instantiate import build, required
from gan_lab.cli.settings import COMMANDS, check_settings
from gan_lab.errors import LabError
from gan_lab.train import build_module
from tests.conftest import CommandLine
from tests.test_bad_input import refused

SMALL = ("data=ring", "data.train_size=64", "data.test_size=8", "data.batch_size=8", "latent_dim=4")
NETWORKS = ("model=mlp_points", "model.generator.hidden=[4]", "model.discriminator.hidden=[4]")


def composed(command: str, *overrides: str) -> DictConfig:
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        return compose(command, [*overrides])


def keys(node: Any, above: str = "") -> Iterator[str]:
    for key, value in node.items() if isinstance(node, Mapping) else ():
        place = f"{above}.{key}" if above else str(key)
        yield place
        yield from keys(value, place)


@pytest.fixture(scope="module")
def config() -> DictConfig:
    return composed("train", *SMALL, *NETWORKS, "scheduler=cosine", "run_dir=/nowhere")


PARTS = ("data", "module", "callbacks", "logger", "trainer")
READERS = {
    **dict.fromkeys(("model", "discriminator", "optimizer", "scheduler", "module"), ("module",)),
    **{"callbacks": ("callbacks",), "logger": ("logger",), "trainer": ("module", "trainer")},
}
"""Which parts read the keys of a section; all of them, where it is not named here."""


def build_all(config: DictConfig, parts: Sequence[str] = PARTS) -> None:
    """Build what a training builds before its first step, or some parts of that."""
    check_settings(config, "train")
    for part in parts:
        if part == "module":
            build_module(config)
        elif part == "trainer":
            required(config, "trainer", callbacks=[], loggers=[])
        elif part == "data":
            required(config, "data")
        else:
            build(config, part)


VALUES = [None, "foo", -1, [1.5]]


@pytest.mark.filterwarnings("ignore")  # Lightning's, on the trainers that are made
@pytest.mark.parametrize("number", range(len(VALUES)))
def test_any_key_takes_or_refuses_one_of_the_values(config: DictConfig, number: int) -> None:
    """Each value at every fourth key; at all of them in the slow test."""
    every = all_keys(config)[number :: len(VALUES)]
    assert refusals(config, VALUES[number], every) > 15


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("value", VALUES, ids=str)
def test_any_key_takes_or_refuses_any_value(config: DictConfig, value: Any) -> None:
    assert refusals(config, value, all_keys(config)) > 80


def all_keys(config: DictConfig) -> list[str]:
    found = list(keys(OmegaConf.to_container(config, resolve=False)))
    assert len(found) > 150
    return found


def refusals(config: DictConfig, value: Any, every: Sequence[str]) -> int:
    build_all(config)
    count = 0
    for key in every:
        changed = copy.deepcopy(config)
        OmegaConf.update(changed, key, value, merge=False, force_add=True)
        try:
            build_all(changed, READERS.get(key.partition(".")[0], PARTS))
        except (LabError, OmegaConfBaseException):
            count += 1
    return count


NONSENSE = [
    ("seed=4294967296", "seed must be below 4294967296, got 4294967296"),
    ("seed=null", "seed must be a valid integer, got null"),
    ("latent_dim=1000000000000", "memory"),
    ("model.generator.hidden=[1.5]", "model.generator.hidden must be a valid integer"),
    ("data.sample_shape=[1,28.0,28]", "data.sample_shape must be a valid integer"),
    ("optimizer.betas=[0.5]", "optimizer.betas must be"),
    ("scheduler=cosine scheduler.T_max=0", "optimizer or scheduler: ZeroDivisionError"),
    ("+callbacks.x=5", "callbacks.x must be a component, with a _target_, got 5"),
    ("terms=foo", "terms must be a mapping, got 'foo'"),
    ("medium=null", "medium=null"),
    ("discriminator_norm=foo", "discriminator_norm must be 'batch', 'instance', 'layer' or 'none'"),
    ("num_classes=-1", "num_classes must be at least 0, got -1"),
    ("allow_changes=perhaps", "allow_changes must be true or false, got 'perhaps'"),
    ("first_step=5", "first_step is set by resume; give resume=PATH alone"),
    ("trust=foo", "trust must be a list, got 'foo'"),
    ("pretrained=null", "pretrained.freeze must be a list, got null"),
    (
        "callbacks.evaluation.num_samples=100 metrics.figures.fid=5",
        "metrics.figures.fid must be a component, with a _target_, got 5",
    ),
    (
        "data=ring callbacks.evaluation.num_samples=100 "
        "metrics.figures.mode_coverage.deviation={_target_:os.getcwd}",
        "metrics.figures.mode_coverage.deviation must be a valid number, got {'_target_'",
    ),
]


@pytest.mark.parametrize(("line", "message"), NONSENSE)
def test_nonsense_is_refused_by_one_line(
    capsys: pytest.CaptureFixture[str], train: CommandLine, line: str, message: str
) -> None:
    assert message in refused(capsys, train, *line.split())


@pytest.mark.parametrize(
    ("command", "key", "value", "message"),
    [
        ("evaluate", "floor", "maybe", "floor must be true or false, got 'maybe'"),
        ("evaluate", "seed", 2**32, "seed must be below 4294967296"),
        ("sample", "trust", "foo", "trust must be a list"),
        ("export", "weights", "best", "weights must be 'raw' or 'ema', got 'best'"),
        ("report", "better", "more", "better must be 'lower' or 'higher'"),
        ("theory", "images", -1, "images must be at least 0, got -1"),
    ],
)
def test_every_command_checks_its_keys(command: str, key: str, value: Any, message: str) -> None:
    assert set(COMMANDS) == {path.stem for path in Path(config_dir()).glob("*.yaml")}
    config = composed(command, "run_dir=/nowhere" if command == "theory" else "output=/nowhere")
    check_settings(config, command)
    config[key] = value
    with pytest.raises(LabError) as refusal:
        check_settings(config, command)
    assert message in str(refusal.value)
