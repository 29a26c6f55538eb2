"""A laboratory for adversarial training.

>>> import gan_lab
>>> run = gan_lab.train(loss="wgan", trainer={"max_steps": 2000})  # doctest: +SKIP
>>> gan = gan_lab.load(run.folder)  # doctest: +SKIP
>>> gan.sample(64).show()  # doctest: +SKIP
>>> gan_lab.evaluate(gan, metrics="quick")  # doctest: +SKIP

and :class:`gan_lab.GAN`, the LightningModule, for whoever wants no configuration.
"""

import os
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# How long the threads of a matrix product spin before they sleep while they wait for each other.
# GNU's OpenMP lets them spin for milliseconds on the very processors that others would run on:
# beside two busy programs on two processors a run took seven times as long. Where they sleep at
# once, each of a step's many small products waits for a thread to wake, a third of a quiet step.
# It is read once, as torch is loaded, so it is set here, for child processes too, where nobody
# else did.
WAITING = {"GOMP_SPINCOUNT": "5000"}
if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"} & os.environ.keys():
    os.environ.update(WAITING)

if TYPE_CHECKING:
    from gan_lab.api import Run, Samples, Trained, evaluate, load, train
    from gan_lab.game import GAN

__all__ = ["GAN", "Run", "Samples", "Trained", "evaluate", "load", "train"]


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: ``import gan_lab`` by itself takes no time."""
    import importlib

    if name in ("evaluate", "train"):  # modules that are command lines, and callable
        return importlib.import_module(f"gan_lab.{name}")
    if name == "GAN":
        return importlib.import_module("gan_lab.game").GAN
    if name in __all__:
        return getattr(importlib.import_module("gan_lab.api"), name)
    raise AttributeError(f"module 'gan_lab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
