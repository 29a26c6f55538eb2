"""The real samples that generated ones are held against, as activations, computed once."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.metrics.features import Activations, FeatureNetwork, activations


@dataclass(frozen=True)
class Reference:
    """Activations of real samples.

    Attributes:
        real: Of the samples that generated ones are compared with.
        train: Of the samples that the generator was trained on and may have memorised.
        network: Name of the network that computed them.
    """

    real: Activations
    train: Activations
    network: str


class Stored(Protocol):
    """Samples that lie on the disk, as data sets beyond memory hand them out."""

    @property
    def digest(self) -> str:
        """Return what only equal samples share."""

    def __len__(self) -> int:
        """Return how many there are."""

    def batches(self, size: int) -> Iterator[Tensor]:
        """Yield all samples in order."""


def in_batches(samples: Tensor | Stored, size: int = 500) -> Iterable[Tensor]:
    """Return samples a batch at a time, read only then where they lie on the disk."""
    return torch.split(samples, size) if isinstance(samples, Tensor) else samples.batches(size)


def cached_activations(
    network: FeatureNetwork, samples: Tensor | Stored, name: str, cache: Path | None = None
) -> Activations:
    """Return the activations of real samples, from the cache where they are already there.

    The file's name holds data set and split, count, network, and a digest of
    the network's weights and of the samples themselves: what is read back was
    computed from exactly these. Activations are stored on the CPU.

    Args:
        network: Computes what is not cached.
        samples: Real samples (N, *shape).
        name: Of data set and split, such as "mnist-test"; for people.
        cache: Folder; None computes anew each time.

    Raises:
        LabError: If a cached file is damaged or the folder cannot be written.
    """
    if cache is None:
        return activations(network, in_batches(samples)).to(torch.device("cpu"))
    content = hashlib.sha256(network.digest.encode())
    if isinstance(samples, Tensor):
        content.update(repr((samples.dtype, tuple(samples.shape))).encode())
        content.update(samples.contiguous().cpu().numpy().tobytes())
    else:
        content.update(samples.digest.encode())
    label = f"{name}-{len(samples)}-{network.name}-{content.hexdigest()[:16]}"
    path = Path(cache).expanduser() / f"{label}.safetensors"
    if path.exists():
        return read(path)
    computed = activations(network, in_batches(samples)).to(torch.device("cpu"))
    write(path, computed)
    return computed


def read(path: Path) -> Activations:
    """Return the activations in a file."""
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise LabError(
            f"cached statistics {path} are damaged ({error}); delete the file"
        ) from error
    return Activations(tensors["features"], tensors.get("logits"))


def write(path: Path, computed: Activations) -> None:
    """Write activations to a file, whole or not at all."""
    tensors = {"features": computed.features}
    if computed.logits is not None:
        tensors["logits"] = computed.logits
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, temporary)
        temporary.replace(path)
    except OSError as error:
        raise LabError(f"cannot write cached statistics to {path.parent}: {error}") from error
