"""Where a run's weights come from."""

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

import gan_lab

PROVENANCE_KEY = "provenance"
"""Where a checkpoint keeps what its weights were made from, and by what."""

PACKAGES = "pytorch-lightning", "torchvision", "torchmetrics", "numpy", "opacus", "gymnasium"


class Provenance(Callback):
    """Puts into every checkpoint what was trained on, by its digest, and which versions trained.

    The digest is the SHA-256 of the training samples and their labels in order, so whoever holds
    the data can tell whether it is the same; it tells nothing else of them. Data that is not held
    by this machine, such as a stream, has none. What a run that goes on was trained on before is
    kept, in ``earlier``.
    """

    def __init__(self) -> None:
        self.present: dict[str, Any] = {}
        self.earlier: list[dict[str, Any]] = []

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the digest."""
        data: Any = getattr(trainer, "datamodule", None)
        train = getattr(data, "train", None)
        labels = getattr(train, "labels", None)
        self.present = {
            "data": type(data).__name__,
            "training_samples": getattr(train, "size", None),
            "training_data_sha256": digest(getattr(train, "images", None), labels),
            "versions": versions(),
        }

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add it."""
        earlier = [part for part in self.earlier if part != self.present]
        checkpoint[PROVENANCE_KEY] = {**self.present, "earlier": earlier}

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Remember what an earlier part of the run was trained on."""
        found = dict(checkpoint.get(PROVENANCE_KEY) or {})
        before = found.pop("earlier", [])
        self.earlier = [*before, found] if found else []


def versions() -> dict[str, str]:
    """Return the versions of what computes."""
    found = {
        "gan_lab": gan_lab.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
    }
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an extra that is not installed
            continue
    return found


def digest(images: Any, labels: Any) -> str | None:
    """Return what only equal samples with equal labels share; None where they are not held here."""
    content = hashlib.sha256()
    if isinstance(images, Tensor):
        content.update(repr((str(images.dtype), tuple(images.shape))).encode())
        content.update(images.contiguous().cpu().numpy().tobytes())
    elif isinstance(known := getattr(images, "digest", None), str):
        content.update(known.encode())
    else:
        return None
    if isinstance(labels, Tensor):
        content.update(labels.contiguous().cpu().numpy().tobytes())
    return content.hexdigest()
