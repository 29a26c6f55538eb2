"""What the keys of each command line that are no component's arguments must be."""

from typing import Annotated, Any, Literal

from omegaconf import DictConfig, OmegaConf
from pydantic import Field

from gan_lab.cli.check import check_value
from gan_lab.errors import LabError

Whole = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # what numpy takes
Text = Annotated[str, Field(min_length=1)]
Components = dict[str, Any] | None

TRAIN = {
    "seed": Seed,
    "latent_dim": Positive,
    "learning_rate": Annotated[float, Field(gt=0)],
    "n_critic": Positive,
    "discriminator_norm": Literal["batch", "instance", "layer", "none"],
    "source_channels": Positive,
    "spectral_norm": bool,
    "packing": Positive,
    "num_classes": Whole,
    "token_level": Literal["words", "characters", "numbers"],
    "end_token": Whole | None,
    "spectrogram_shape": list[Positive] | None,
    "fresh_noise": bool,
    "adversarial_weight": float,
    "gradient_clip_val": float | None,
    "gradient_clip_algorithm": Literal["norm", "value"],
    "compile": str | None,
    "resume": Text | None,
    "allow_changes": bool,
    "first_step": Whole | None,
    "inherited": bool,
    "trust": list[str],
    "regularizer": Components,
    "terms": Components,
    "augmentation": Components,
    "phases": Components,
    "degradations": Components,
    "callbacks": Components,
    "logger": Components,
    "pretrained.generator": Text | None,
    "pretrained.discriminator": Text | None,
    "pretrained.freeze": list[str],
    "pretrained.learn": Literal["all", "norms"],
    "objective": Text | None,
    "run_dir": Text,
}
CHECKPOINT = {"checkpoint": Text | None, "trust": list[str], "output": Text}
COMMANDS: dict[str, dict[str, Any]] = {
    "train": TRAIN,
    "evaluate": {
        **CHECKPOINT,
        "images": Text | None,
        "samples": Text | None,
        "temperatures": list[Annotated[float, Field(gt=0)]] | None,
        "num_samples": Positive,
        "seed": Seed,
        "repeats": Positive,
        "weights": Literal["raw", "ema", "both"],
        "floor": bool,
        "batch_size": Positive,
        "direction": Text | None,
        "root": Text | None,
        "device": Text,
    },
    "sample": {
        **CHECKPOINT,
        "num_samples": Positive,
        "seed": Seed,
        "label": Whole | None,
        "truncation": float | None,
        "temperature": Annotated[float, Field(gt=0)] | None,
        "weights": Literal["raw", "ema"],
        "interpolation_steps": Annotated[int, Field(ge=2)],
        "batch_size": Positive,
    },
    "encode": {
        **CHECKPOINT,
        "images": Text | None,
        "num_samples": Positive,
        "steps": Annotated[int, Field(ge=2)],
        "projection_steps": Positive,
        "coordinates": list[Whole] | None,
        "seed": Seed,
        "weights": Literal["raw", "ema"],
        "batch_size": Positive,
        "root": Text | None,
    },
    "audit": {
        **CHECKPOINT,
        "reference": Text | None,
        "records": Annotated[int, Field(ge=2)],
        "num_samples": Positive,
        "resamples": Positive,
        "panel": Positive,
        "seed": Seed,
        "weights": Literal["raw", "ema"],
        "batch_size": Positive,
        "root": Text | None,
    },
    "translate": {
        **CHECKPOINT,
        "images": Text | None,
        "direction": Text | None,
        "weights": Literal["raw", "ema"],
        "seed": Seed,
        "label": Whole | None,
        "tile": Annotated[int, Field(ge=16)] | None,
        "overlap": Whole,
        "sheets": bool,
        "device": Text,
    },
    "export": {**CHECKPOINT, "weights": Literal["raw", "ema"]},
    "report": {
        "metric": Text | None,
        "better": Literal["lower", "higher"] | None,
        "curves": list[str],
        "output": Text,
    },
    "theory": {"seed": Seed, "images": Whole, "run_dir": Text},
}
"""Dotted keys and the types of their values, by the primary file in conf/."""

REQUIRED = {
    "checkpoint": "checkpoint=PATH, a run folder or a .ckpt file",
    "images": "images=PATH, an image file or a folder of them",
    "runs": "runs=FOLDER, which holds run folders, or runs=[FOLDER,FOLDER]",
}
"""What to give where a command cannot do without it."""


def check_settings(config: DictConfig, command: str) -> None:
    """Check the keys of a command that are read before or beside the components.

    Args:
        config: The composed configuration.
        command: The primary file in conf/, without its ending.

    Raises:
        LabError: If one holds what it must not, by its dotted key.
    """
    for key, hint in COMMANDS[command].items():
        value = OmegaConf.select(config, key)
        if OmegaConf.is_config(value):  # the components in it are checked where they are built
            value = OmegaConf.to_container(value, resolve=False)
        check_value(value, hint, key)
    if command == "train" and config.first_step is not None and config.resume is None:
        raise LabError("first_step is set by resume; give resume=PATH alone")


def refuse_missing(config: DictConfig) -> None:
    """Raise LabError, naming what to give, where a command cannot do without it."""
    for key, wanted in REQUIRED.items():
        if OmegaConf.is_missing(config, key):
            raise LabError(f"give {wanted}")
