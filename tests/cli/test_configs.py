"""Every file in conf/ composes, and what it names can be built."""

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from gan_lab.cli.app import config_dir
from gan_lab.cli.check import check
from gan_lab.cli.instantiate import build
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
    "degradations",
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


PAIRS = ["task=translation", "model=unet", "discriminator=pairs"]
SUPER = ["task=restoration", "degradations=downsample", "model=srresnet"]
RESTORE = ["task=restoration", "model=unet"]
TWINS = ["task=twins", "model=coupled", "discriminator=coupled"]
CODES = ["task=multimodal", "model=styled", "discriminator=two_domains_at_scales"]
BICYCLE = ["task=bicycle", "model=unet", "discriminator=two_codes"]
CYCLES = ["task=cycle", "model=resnet_translator", "discriminator=two_domains"]
TEXT, SPEECH = ["data=oracle"], ["data=spoken_digits"]
SPECTRA = [
    *("task=spectrograms", "model=specgan", "discriminator=spectrograms"),
    *("data=spoken_digits", "spectrogram_shape=[1,128,32]"),
]
VOCODER = ["task=vocoding", "model=vocoder", "discriminator=periods_and_scales", *SPEECH]
CLIPS = [
    *("data=shape_motion", "model=mocogan", "task=clips", "discriminator=frames_and_clips"),
    "latent_dim=220",
]
COMPANIONS = {
    **dict.fromkeys([*CLIPS[:4], "medium=video"], CLIPS),
    "data=moving_mnist": ["data=moving_mnist", *CLIPS[1:4], "latent_dim=260"],
    "data=video_folder": ["data=video_folder", *CLIPS[1:]],
    "model=vgan": ["data=shape_motion", "model=vgan"],
    **{
        key: ["data=solids", "model=volumes"]
        for key in ("medium=voxels", "model=volumes", "data=solids")
    },
    "data=mesh_folder": ["model=volumes"],
    "medium=points": ["data=ring"],
    **dict.fromkeys(["medium=text", "task=sequences", "model=lstm", "model=transformer"], TEXT),
    **dict.fromkeys(["medium=audio", "model=wavegan"], SPEECH),
    **dict.fromkeys(SPECTRA[:3], SPECTRA),
    **dict.fromkeys(VOCODER[:3], VOCODER),
    "task=imitation": ["data=trajectories"],
    "model=actor": ["data=trajectories"],
    "prior=coded": ["conditioning=infogan"],
    **dict.fromkeys(PAIRS, PAIRS),
    **dict.fromkeys(CYCLES, CYCLES),
    **{
        key: [*BICYCLE, "latent_dim=8", "+model.generator.beside=8"]
        for key in (BICYCLE[0], BICYCLE[2])
    },
    **dict.fromkeys(TWINS, TWINS),
    **{key: [*CODES, "latent_dim=8"] for key in CODES},
    "task=shared_code": [*CODES[1:], "model.style_dim=0"],
    "task=domains": [
        *("model=resnet_translator", "num_classes=10", "+model.generator.beside=10"),
        *("conditioning=auxiliary_classifier", "~model.generator.labels"),
    ],
    "task=adaptation": ["model=resnet_translator", "latent_dim=2", "+model.generator.beside=2"],
    **dict.fromkeys(SUPER, SUPER),
    **{f"degradations={d}": RESTORE for d in ("blur", "greyscale", "jpeg", "mask", "noise")},
    "model=rrdb": SUPER[:2],
    "discriminator=patches": ["model=resnet_translator", *CYCLES[:1]],
    "task=colouring": [
        "data=cifar10",
        "model=unet",
        "source_channels=1",
        "model.generator.outputs=2",
    ],
}


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
