"""Every file in conf/ composes, and what it names can be built."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from gan_lab.cli.app import config_dir
from gan_lab.cli.instantiate import build, check
from gan_lab.game import GAN

AXES = (
    "data",
    "medium",
    "model",
    "prior",
    "task",
    "discriminator",
    "conditioning",
    "optimizer",
    "scheduler",
    "regularizer",
    "augmentation",
    "loss",
    "descent",
)
GROUPS = sorted(
    (path.parent.name, path.stem)
    for path in config_dir().glob("*/*.yaml")
    if path.parent.name in AXES
)
EXPERIMENTS = sorted(path.stem for path in (config_dir() / "experiment").glob("*.yaml"))


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        return compose("train", [*overrides, "run_dir=/nowhere"])


def assert_sound(config: DictConfig) -> None:
    for key in (*AXES, "terms", "callbacks"):
        node = OmegaConf.select(config, key)
        if node is not None:
            check(OmegaConf.to_container(node, resolve=True), key)
    module: GAN = build(config, "module")
    assert module.n_critic == config.n_critic
    assert set(module.terms) == {*config.regularizer, *config.terms}


COMPANIONS = {"medium=points": ["data=ring"], "prior=coded": ["conditioning=infogan"]}


@pytest.mark.parametrize(("group", "choice"), GROUPS)
def test_a_group_file_composes_and_builds(group: str, choice: str) -> None:
    override = f"{group}={choice}"
    assert_sound(composed(override, *COMPANIONS.get(override, [])))


@pytest.mark.parametrize(
    ("choices", "names"),
    [
        (["regularizer=[r1,r2]"], {"r1", "r2"}),
        (["regularizer=[spectral_norm,lecam]"], {"lecam"}),
        (["regularizer=[gradient_penalty,orthogonal]"], {"gradient_penalty", "orthogonal"}),
    ],
)
def test_regularizers_combine(choices: list[str], names: set[str]) -> None:
    config = composed(*choices)
    assert_sound(config)
    assert set(config.regularizer) == names


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_composes_and_builds(name: str) -> None:
    assert_sound(composed(f"experiment={name}"))


@pytest.mark.parametrize("data", ["ring", "grid", "spiral", "swiss_roll"])
def test_points_are_not_rounded_unless_asked(data: str) -> None:
    assert composed(f"data={data}").trainer.precision == "32-true"
    assert composed(f"data={data}", "trainer.precision=auto").trainer.precision == "auto"


def test_every_config_is_mentioned_nowhere_twice() -> None:
    names = [path.relative_to(config_dir()) for path in Path(config_dir()).rglob("*.yaml")]
    assert len(names) == len(set(names)) > 20


@pytest.mark.parametrize(
    ("overrides", "key", "value"),
    [
        (["loss=wgan"], "n_critic", 5),
        (["loss=wgan"], "optimizer.discriminator._target_", "torch.optim.RMSprop"),
        (["loss=wgan"], "regularizer.weight_clipping.bound", 0.01),
        (["loss=wgan"], "module.n_critic", 5),
        (["loss=wgan", "n_critic=2"], "n_critic", 2),
        (["loss=wgan", "optimizer=adam"], "optimizer.generator._target_", "torch.optim.Adam"),
        (["loss=wgan_gp"], "optimizer.betas", [0.5, 0.9]),
        (["loss=wgan_gp"], "model.discriminator.norm", "none"),
        (["loss=wgan_gp", "discriminator_norm=layer"], "model.discriminator.norm", "layer"),
        (["loss=wgan", "regularizer=none"], "regularizer", {}),
    ],
)
def test_recipes_are_complete_and_the_command_line_wins(
    overrides: list[str], key: str, value: object
) -> None:
    node = OmegaConf.select(composed(*overrides), key)
    assert (OmegaConf.to_container(node) if OmegaConf.is_config(node) else node) == value
