"""What is trained in one cell of the table, and the recipe that all contenders follow."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Loss = Literal["non_saturating", "wgan", "wgan_gp"]
Model = Literal["mlp", "mlp_wide", "dcgan", "dcgan_32"]

ROOT = os.environ.get("GAN_LAB_DATA", "~/.cache/gan_lab")
"""Where the data lies unless a command line says otherwise, as conf/ has it."""


def data_root(text: str) -> Path:
    """Return the folder of the data that a command line names, as processes elsewhere find it."""
    return Path(text).expanduser().resolve()


HIDDEN: dict[str, tuple[int, ...]] = {"mlp": (256,), "mlp_wide": (128, 256, 512, 1024)}


@dataclass(frozen=True)
class Setting:
    """One cell.

    Attributes:
        model: "mlp", "mlp_wide" and "dcgan" as in conf/model; "dcgan_32" is dcgan at 32 pixels,
            for which the plain contender has the networks of the script that is copied most.
        loss: As in conf/loss.
        batch: Samples a minibatch.
        width: Channels of dcgan.
        data_size: Training samples in use.
        precision: As the trainer's, of the contenders that know about it.
    """

    model: Model = "mlp"
    loss: Loss = "non_saturating"
    batch: int = 64
    width: int = 32
    data_size: int = 60_000
    precision: Literal["32-true", "bf16-mixed", "auto"] = "32-true"

    @property
    def image_size(self) -> int:
        """Pixels along an edge."""
        return 32 if self.model == "dcgan_32" else 28

    @property
    def convolutional(self) -> bool:
        """Whether the networks are dcgan's."""
        return self.model.startswith("dcgan")

    @property
    def n_critic(self) -> int:
        """Discriminator updates a step."""
        return 1 if self.loss == "non_saturating" else 5

    @property
    def adam(self) -> dict[str, Any]:
        """The learning rate and momenta of Adam, where the loss goes with it."""
        if self.loss == "wgan_gp":
            return {"lr": 1e-4, "betas": (0.5, 0.9)}
        return {"lr": 2e-4, "betas": (0.5, 0.999)}

    @property
    def overrides(self) -> list[str]:
        """The same as arguments of ``python -m gan_lab.train``."""
        model = "dcgan" if self.convolutional else self.model
        return [
            f"loss={self.loss}",
            f"model={model}",
            f"data.batch_size={self.batch}",
            f"data.validation_size={60_000 - self.data_size}",
            f"trainer.precision={self.precision}",
            f"data.sample_shape=[1,{self.image_size},{self.image_size}]",
            *([f"model.width={self.width}"] if self.convolutional else []),
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)
