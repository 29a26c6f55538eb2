"""Configurations as training composes them, and what a choice of a group cannot be without."""

from functools import lru_cache
from pathlib import Path
from typing import Any

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
TABLE: list[dict[str, Any]] = OmegaConf.to_container(  # reads 2e-4 as Hydra does
    OmegaConf.load(Path(__file__).with_name("papers.yaml"))
)
ENTRIES = {entry["recipe"]: entry for entry in TABLE}
"""What is said of each recipe whose numbers decide what is learnt and measured."""
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


@lru_cache(maxsize=4)
def composed(*overrides: str) -> DictConfig:
    """Return a training's configuration, which is not to be changed."""
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        return compose("train", [*overrides, "run_dir=/nowhere"], return_hydra_config=True)


def with_companions(override: str) -> DictConfig:
    """Return the configuration of a choice with the others that it cannot be without."""
    return composed(override, *COMPANIONS.get(override, []))


def assert_sound(config: DictConfig) -> GAN:
    """Build what a configuration names, and return its game."""
    for key in (*AXES, "terms", "callbacks"):
        node = OmegaConf.select(config, key)
        if node is not None:
            check(OmegaConf.to_container(node, resolve=True), key)
    module: GAN = build(config, "module")
    assert module.n_critic == config.n_critic
    assert set(module.terms) == {*config.regularizer, *config.terms}
    return module
