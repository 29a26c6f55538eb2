"""Every file in conf/ composes, and what it names can be built."""

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from gan_lab.cli.app import config_dir
from gan_lab.cli.instantiate import build
from gan_lab.game import GAN
from tests.composing import AXES, ENTRIES, assert_sound, composed, with_companions

OTHERS = sorted(
    f"{path.parent.name}={path.stem}"
    for path in config_dir().glob("*/*.yaml")
    if path.parent.name in AXES and f"{path.parent.name}={path.stem}" not in ENTRIES
)
"""Choices of no paper; those of papers are built where they are compared, in test_papers.py."""


def test_sngans_recipe_is_its_authors() -> None:
    """pfnet-research/sngan_projection, dis_models/snresnet_32.py with ch=128."""
    module: GAN = build(composed("experiment=sngan", "data=cifar10"), "module")
    assert sum(p.numel() for p in module.discriminator.parameters()) == 1_053_824


def test_infogans_recipe_is_its_authors() -> None:
    """openai/InfoGAN, launchers/run_mnist_exp.py and infogan/models/regularized_gan.py."""
    config = composed("experiment=infogan")
    module: GAN = build(config, "module")
    assert {name: term.weight for name, term in module.terms.items()} == {
        "information": 1.0,
        "code_recovery": 1.0,
    }
    z = module.task.prior(500)["z"]
    assert z.shape == (500, 64) and z.abs().max() <= 1
    kinds = [type(layer).__name__ for layer in module.discriminator.recogniser]  # type: ignore[union-attr]
    assert kinds == ["Linear", "Unflatten", "BatchNorm2d", "Flatten", "LeakyReLU", "Linear"]
    assert (config.data.batch_size, config.trainer.max_steps) == (128, 5000)


@pytest.mark.parametrize("model", ["dcgan", "mlp", "r3gan"])
def test_a_projection_needs_no_spectral_norm_and_no_batch_norm(model: str) -> None:
    module: GAN = build(composed("conditioning=projection", f"model={model}"), "module")
    z = torch.randn(1, module.task.generator.latent_dim).expand(2, -1)  # type: ignore[union-attr]
    one, other = module.eval().task.draw({"z": z, "label": torch.tensor([0, 1])})  # type: ignore[operator]
    assert not torch.equal(one, other)


@pytest.mark.parametrize("name", ["stacked_dcgan", "stacked_pacdcgan2", "pacgan_grid"])
def test_recipes_with_other_networks_do_not_say_as_in_the_paper(name: str) -> None:
    text = (config_dir() / "experiment" / f"{name}.yaml").read_text()
    assert "as in PacGAN" not in text and "as in VEEGAN" not in text
    assert "Published with other networks" in text
    assert "±" not in text or "standard deviation" in text


@pytest.mark.parametrize("choice", OTHERS)
def test_a_choice_composes_and_builds(choice: str) -> None:
    assert_sound(with_companions(choice))


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


@pytest.mark.parametrize("data", ["mnist", "ring", "cifar10"])
def test_debugging_takes_one_step_whatever_the_data(data: str) -> None:
    config = composed("trainer=debug", f"data={data}")
    assert (config.trainer.max_steps, config.trainer.accelerator) == (1, "auto")
    assert config.callbacks.samples.every_n_steps == config.callbacks.checkpoints.every_n_steps == 1
    measured = config.callbacks.evaluation
    assert measured is None if data == "cifar10" else measured.every_n_steps == 1
    assert composed("trainer=debug", "trainer.max_steps=3").trainer.max_steps == 3


def test_trainers_for_one_device_and_for_several() -> None:
    one = composed("trainer=gpu").trainer
    assert (one.accelerator, one.devices, one.max_steps) == ("gpu", 1, 3000)
    several = composed("trainer=ddp", "trainer.devices=2", "trainer.accelerator=cpu")
    trainer = build(several, "trainer")
    assert (type(trainer.strategy).__name__, trainer.num_devices) == ("DDPStrategy", 2)
